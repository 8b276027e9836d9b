import { add, mul, square, sub } from "../../engine/graph/index.ts";
import { total, wholePower } from "../arithmetic.ts";
import { defineSurface, dimension, each, globalMinimum, localMinimum } from "../define.ts";
import type { Minimum, SurfaceRow } from "../types.ts";

/** Roots of 2x³ − 16x + 2.5 with a rising slope, and half the quartic there; Newton's method in 50 digits. */
const deep = { at: -2.903534027771177, value: -39.16616570377141 };
const shallow = { at: 2.746802770990837, value: -25.029446655283945 };

/** All 2ⁿ combinations for a few coordinates, the deepest alone for many. */
function minima(n: number): Minimum[] {
  if (n > 4) return [globalMinimum(each(n, deep.at), n * deep.value)];
  return Array.from({ length: 2 ** n }, (_, bits) => {
    const chosen = each(n, deep).map((d, i) => ((bits >> i) & 1 ? shallow : d));
    const at = chosen.map((c) => c.at);
    const value = chosen.reduce((sum, c) => sum + c.value, 0);
    return bits === 0 ? globalMinimum(at, value) : localMinimum(at, value);
  });
}

export const styblinskiTang: SurfaceRow = defineSurface<{ readonly dimension: number }>({
  name: "styblinski-tang",
  label: "Styblinski–Tang function",
  tex: String.raw`f(x) = \tfrac12 \sum_i \left( x_i^4 - 16 x_i^2 + 5 x_i \right)`,
  formula: "½ Σ x⁴ − 16x² + 5x",
  source: { cite: "Styblinski & Tang 1990" },
  about: "one deep and three shallower minima: reaching a minimum is not reaching the minimum",
  options: { dimension: dimension() },
  shape: ({ dimension: n }) => ({
    f: (x) => mul(0.5, total(x.map((c) => add(sub(wholePower(c, 4), mul(16, square(c))), mul(5, c))))),
    domain: each(n, [-5, 5]),
    start: [...each(n - 1, -0.5), 4].slice(-n),
    minima: minima(n),
  }),
});
