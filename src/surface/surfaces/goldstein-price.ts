import { add, mul, square, sub } from "../../engine/graph/index.ts";
import { total } from "../arithmetic.ts";
import { defineSurface, globalMinimum, localMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const goldsteinPrice: SurfaceRow = defineSurface({
  name: "goldstein-price",
  label: "Goldstein–Price function",
  tex: String.raw`f(x, y) = \left[1 + (x+y+1)^2 (19 - 14x + 3x^2 - 14y + 6xy + 3y^2)\right] \left[30 + (2x-3y)^2 (18 - 32x + 12x^2 + 48y - 36xy + 27y^2)\right]`,
  formula:
    "[1 + (x + y + 1)²(19 − 14x + 3x² − 14y + 6xy + 3y²)]·[30 + (2x − 3y)²(18 − 32x + 12x² + 48y − 36xy + 27y²)]",
  source: { cite: "Goldstein & Price 1971" },
  about: "values from 3 to a million: gradients that need clipping or scale-free steps",
  options: {},
  shape: () => ({
    f: ([x, y]) => {
      const [xx, xy, yy] = [square(x!), mul(x!, y!), square(y!)];
      const first = total([sub(19, mul(14, x!)), mul(3, xx), mul(-14, y!), mul(6, xy), mul(3, yy)]);
      const second = total([sub(18, mul(32, x!)), mul(12, xx), mul(48, y!), mul(-36, xy), mul(27, yy)]);
      return mul(
        add(1, mul(square(add(add(x!, y!), 1)), first)),
        add(30, mul(square(sub(mul(2, x!), mul(3, y!))), second)),
      );
    },
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    start: [-1.5, 1],
    minima: [
      globalMinimum([0, -1], 3),
      localMinimum([-0.6, -0.4], 30),
      localMinimum([1.8, 0.2], 84),
      localMinimum([1.2, 0.8], 840),
    ],
  }),
});
