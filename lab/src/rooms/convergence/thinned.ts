/** About so many of the whole numbers 0 … last: evenly apart, or in equal ratios. */
export function thinned(last: number, count: number, scale: "linear" | "log"): number[] {
  const at = (i: number): number =>
    Math.round(scale === "linear" ? (i * last) / count : (last + 1) ** (i / count) - 1);
  return [...new Set(Array.from({ length: count + 1 }, (_, i) => at(i)))];
}
