import { add, square, sub } from "../../engine/graph/index.ts";
import { defineSurface, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const himmelblau: SurfaceRow = defineSurface({
  name: "himmelblau",
  label: "Himmelblau's function",
  tex: "f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2",
  formula: "(x² + y − 11)² + (x + y² − 7)²",
  source: { cite: "Himmelblau 1972" },
  about: "four equal minima: which one is reached depends on start and optimizer",
  options: {},
  shape: () => ({
    f: ([x, y]) => add(square(sub(add(square(x!), y!), 11)), square(sub(add(x!, square(y!)), 7))),
    domain: [
      [-5, 5],
      [-5, 5],
    ],
    start: [-0.5, -1],
    minima: [
      globalMinimum([3, 2]),
      // roots of both brackets, by Newton's method in 50 digits
      globalMinimum([-2.805118086952745, 3.131312518250573]),
      globalMinimum([-3.779310253377747, -3.283185991286169]),
      globalMinimum([3.584428340330492, -1.8481265269644036]),
    ],
  }),
});
