import { add, mul, square, sub } from "../../engine/graph/index.ts";
import { total, wholePower } from "../arithmetic.ts";
import { defineSurface, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const beale: SurfaceRow = defineSurface({
  name: "beale",
  label: "Beale's function",
  tex: "f(x, y) = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
  formula: "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
  source: { cite: "Beale 1958" },
  about: "steep walls beside a flat floor: one step size for both is hard to find",
  options: {},
  shape: () => ({
    f: ([x, y]) =>
      total([1.5, 2.25, 2.625].map((a, i) => square(add(sub(a, x!), mul(x!, wholePower(y!, i + 1)))))),
    domain: [
      [-1, 4.5],
      [-2, 2],
    ],
    start: [1, 1.5],
    minima: [globalMinimum([3, 0.5])],
  }),
});
