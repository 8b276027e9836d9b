/** At most 4 digits, powers of ten as people write them. */
export function say(x: number | null | undefined): string {
  if (x === null || x === undefined || !Number.isFinite(x)) return "–";
  const [mantissa, exponent] = x.toExponential(2).split("e");
  if (x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5)) {
    return String(Number(x.toPrecision(4))).replace("-", "−");
  }
  const raised = Array.from(exponent!.replace("+", ""), (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] ?? "⁻").join("");
  return `${Number(mantissa)} · 10${raised}`.replace("-", "−");
}

/** About so many of the whole numbers 0 … last: evenly apart, or in equal ratios. */
export function thinned(last: number, count: number, scale: "linear" | "log"): number[] {
  const at = (i: number): number =>
    Math.round(scale === "linear" ? (i * last) / count : (last + 1) ** (i / count) - 1);
  return [...new Set(Array.from({ length: count + 1 }, (_, i) => at(i)))];
}
