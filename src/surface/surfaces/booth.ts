import { add, mul, square, sub } from "../../engine/graph/index.ts";
import { defineSurface, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const booth: SurfaceRow = defineSurface({
  name: "booth",
  label: "Booth's function",
  tex: "f(x, y) = (x + 2y - 7)^2 + (2x + y - 5)^2",
  formula: "(x + 2y − 7)² + (2x + y − 5)²",
  about: "a turned quadratic of condition 9: an easy first test",
  options: {},
  shape: () => ({
    f: ([x, y]) => add(square(sub(add(x!, mul(2, y!)), 7)), square(sub(add(mul(2, x!), y!), 5))),
    domain: [
      [-10, 10],
      [-10, 10],
    ],
    start: [-8, 7],
    minima: [globalMinimum([1, 3])],
  }),
});
