/** 0.0123, 1.5e-7, 12,345: four significant digits. */
export function showNumber(x: number): string {
  if (!Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  if (x === 0 || (size >= 1e-3 && size < 1e4)) return String(Number(x.toPrecision(4)));
  return size >= 1e4 && size < 1e9 ? Math.round(x).toLocaleString("en") : x.toExponential(2);
}
