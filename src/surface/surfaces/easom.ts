import { add, cos, exp, mul, neg, square, sub } from "../../engine/graph/index.ts";
import { defineSurface, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const easom: SurfaceRow = defineSurface({
  name: "easom",
  label: "Easom's function",
  tex: String.raw`f(x, y) = -\cos x \cos y \; e^{-(x-\pi)^2 - (y-\pi)^2}`,
  formula: "−cos x cos y exp(−(x − π)² − (y − π)²)",
  source: { cite: "Easom 1990" },
  about: "a plateau with one hole: the gradient vanishes away from it, and only its sign still tells",
  options: {},
  shape: () => ({
    f: ([x, y]) =>
      neg(mul(mul(cos(x!), cos(y!)), exp(neg(add(square(sub(x!, Math.PI)), square(sub(y!, Math.PI))))))),
    domain: [
      [0, 6.5],
      [0, 6.5],
    ],
    start: [2, 4.2],
    minima: [globalMinimum([Math.PI, Math.PI], -1)],
  }),
});
