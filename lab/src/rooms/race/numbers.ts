/** A number in at most five characters of precision, with a real minus; "–" for what is none. */
export function show(x: number | null | undefined, digits = 4): string {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e6)
      ? x.toExponential(digits - 2)
      : String(Number(x.toPrecision(digits)));
  return text.replaceAll("-", "−").replace("e+", "e");
}

/** For columns that change many times a second: always as wide, so that nothing jumps. */
export function steady(x: number | null | undefined): string {
  if (x === null || x === undefined || !Number.isFinite(x)) return show(x);
  const size = Math.abs(x);
  if (x === 0) return "0";
  const text = size < 1e-3 || size >= 1e5 ? x.toExponential(2) : x.toPrecision(4);
  return text.replaceAll("-", "−").replace("e+", "e");
}
