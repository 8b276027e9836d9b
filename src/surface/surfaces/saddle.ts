import { add, mul, square, sub } from "../../engine/graph/index.ts";
import { wholePower } from "../arithmetic.ts";
import { defineSurface, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const saddle: SurfaceRow = defineSurface({
  name: "saddle",
  label: "saddle between two minima",
  tex: String.raw`f(x, y) = \tfrac12 x^2 - \tfrac12 y^2 + \tfrac14 y^4`,
  formula: "½x² − ½y² + ¼y⁴",
  about: "a saddle at (0, 0): descent lingers there, and from y = 0 never leaves without noise",
  options: {},
  shape: () => ({
    f: ([x, y]) => add(sub(mul(0.5, square(x!)), mul(0.5, square(y!))), mul(0.25, wholePower(y!, 4))),
    domain: [
      [-1.5, 1.5],
      [-1.6, 1.6],
    ],
    start: [1, 0.001],
    minima: [globalMinimum([0, 1], -0.25), globalMinimum([0, -1], -0.25)],
  }),
});

export const monkeySaddle: SurfaceRow = defineSurface({
  name: "monkey-saddle",
  label: "monkey saddle",
  tex: "f(x, y) = x^3 - 3xy^2",
  formula: "x³ − 3xy²",
  about: "gradient and curvature both vanish at (0, 0); past it the function falls without end",
  options: {},
  shape: () => ({
    f: ([x, y]) => sub(wholePower(x!, 3), mul(3, mul(x!, square(y!)))),
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    start: [1.5, 0.2],
    minima: [],
  }),
});
