import { mul, square, sub } from "../../engine/graph/index.ts";
import { defineSurface, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const product: SurfaceRow = defineSurface({
  name: "product",
  label: "two-layer product",
  tex: String.raw`f(u, v) = \tfrac12\,(uv - 1)^2`,
  formula: "½(uv − 1)²",
  about: "a curve of minima of sharpness u² + v²: large rates are thrown from sharp to flat ones",
  options: {},
  shape: () => ({
    variables: ["u", "v"],
    f: ([u, v]) => mul(0.5, square(sub(mul(u!, v!), 1))),
    domain: [
      [-0.5, 5],
      [-1.5, 4],
    ],
    start: [4, 0.3],
    // all of uv = 1; these are the flattest
    minima: [globalMinimum([1, 1]), globalMinimum([-1, -1])],
  }),
});
