import { abs, add, type Expr, exp, log1p, max, mul, neg, square, sub } from "../../engine/graph/index.ts";
import { number } from "../../run/options.ts";
import { total } from "../arithmetic.ts";
import { defineSurface, dimension, each, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const doubleWell: SurfaceRow = defineSurface<{
  readonly temperature: number;
  readonly dimension: number;
}>({
  name: "double-well",
  label: "sharp and flat well",
  tex: String.raw`f(x, y) = -T \log\left( e^{-25\,((x+1)^2 + y^2)/T} + e^{-\frac12\,((x-2)^2 + y^2)/T} \right)`,
  formula: "−T log(exp(−25((x + 1)² + y²)/T) + exp(−½((x − 2)² + y²)/T))",
  about: "equally deep minima of curvature 50 and 1: a rate above 2/50 cannot stay in the sharp one",
  options: {
    // the wells lift each other's bottom by T e^(−4.5/T): 2e-12 at 0.2
    temperature: number(0.05, "T: how soft the ridge between the wells is", {
      above: 0,
      max: 0.1,
    }),
    dimension: dimension(),
  },
  shape: ({ temperature, dimension: n }) => ({
    f: ([x, ...rest]) => {
      const beside = rest.map((c) => square(c));
      const well = (curvature: number, centre: number): Expr =>
        mul(-curvature / 2 / temperature, total([square(sub(x!, centre)), ...beside]));
      const [sharp, flat] = [well(50, -1), well(1, 2)];
      const apart = neg(abs(sub(sharp, flat)));
      return mul(-temperature, add(max(sharp, flat), log1p(exp(apart))));
    },
    domain: [[-3, 5], ...each(n - 1, [-3, 3] as const)],
    start: [-1.3, ...each(n - 1, 0.2)],
    minima: [globalMinimum([-1, ...each(n - 1, 0)]), globalMinimum([2, ...each(n - 1, 0)])],
  }),
});
