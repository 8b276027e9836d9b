import { add, cos, mul, square, sub } from "../../engine/graph/index.ts";
import { number } from "../../run/options.ts";
import { total } from "../arithmetic.ts";
import { defineSurface, dimension, each, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const rastrigin: SurfaceRow = defineSurface<{
  readonly amplitude: number;
  readonly dimension: number;
}>({
  name: "rastrigin",
  label: "Rastrigin's function",
  tex: String.raw`f(x) = \sum_i \left( x_i^2 + A\,(1 - \cos 2\pi x_i) \right)`,
  formula: "Σ x² + A(1 − cos 2πx)",
  source: { cite: "Rastrigin 1974" },
  about: "a bowl full of local minima: descent stops in the first one it cannot jump out of",
  options: {
    amplitude: number(10, "A: height of the ripples", { min: 0 }),
    dimension: dimension(),
  },
  shape: ({ amplitude, dimension: n }) => ({
    f: (x) => total(x.map((c) => add(square(c), mul(amplitude, sub(1, cos(mul(2 * Math.PI, c))))))),
    domain: each(n, [-5.12, 5.12]),
    start: [...each(n - 1, -3.3), 2.3].slice(-n),
    minima: [globalMinimum(each(n, 0))],
  }),
});
