import { abs, add, mul } from "../../engine/graph/index.ts";
import { number } from "../../run/options.ts";
import { defineSurface, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const kink: SurfaceRow = defineSurface<{ readonly kappa: number }>({
  name: "kink",
  label: "folded valley",
  tex: String.raw`f(x, y) = |x| + \kappa\,|y|`,
  formula: "|x| + κ|y|",
  about: "not differentiable on the axes: a constant rate never settles, a decaying one does",
  options: { kappa: number(5, "κ: slope of the steeper fold", { min: 1 }) },
  shape: ({ kappa }) => ({
    f: ([x, y]) => add(abs(x!), mul(kappa, abs(y!))),
    domain: [
      [-3, 3],
      [-2, 2],
    ],
    start: [-2.6, 1.3],
    minima: [globalMinimum([0, 0])],
  }),
});
