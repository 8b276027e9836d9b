/** Numbers as rooms write them: with a real minus, and no more digits than somebody reads. */

/** "1.23e-5" → "1.23 · 10⁻⁵", which no line breaks. */
function raised(text: string): string {
  const [mantissa, exponent] = text.split("e");
  const power = Array.from(exponent!.replace("+", ""), (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] ?? "⁻").join("");
  return `${mantissa}\u00a0·\u00a010${power}`;
}

/** At most 4 digits, powers of ten as people write them. */
export function say(x: number | null | undefined): string {
  if (x === null || x === undefined || !Number.isFinite(x)) return "–";
  const plain = x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5);
  const text = plain ? String(Number(x.toPrecision(4))) : raised(Number(x.toPrecision(3)).toExponential());
  return text.replace("-", "−");
}

/** A number in at most five characters of precision, with a real minus; "–" for what is none. */
export function show(x: number | null | undefined, digits = 4): string {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e6)
      ? raised(x.toExponential(digits - 2))
      : String(Number(x.toPrecision(digits)));
  return text.replace("-", "−");
}

/** For columns that change many times a second: always as wide, so that nothing jumps. */
export function steady(x: number | null | undefined): string {
  if (x === null || x === undefined || !Number.isFinite(x)) return show(x);
  const size = Math.abs(x);
  if (x === 0) return "0";
  const text = size < 1e-3 || size >= 1e5 ? raised(x.toExponential(2)) : x.toPrecision(4);
  return text.replace("-", "−");
}
