import { add, mul, square, sub } from "../../engine/graph/index.ts";
import { total, wholePower } from "../arithmetic.ts";
import { defineSurface, globalMinimum, localMinimum } from "../define.ts";
import type { Minimum, SurfaceRow } from "../types.ts";

/** f(−x, −y) = f(x, y): minima come in pairs. Places by Newton's method in 50 digits. */
const pair = (
  make: (at: readonly number[], value: number) => Minimum,
  [x, y]: readonly [number, number],
  value: number,
): Minimum[] => [make([x, y], value), make([-x, -y], value)];

export const threeHumpCamel: SurfaceRow = defineSurface({
  name: "three-hump-camel",
  label: "three-hump camel",
  tex: String.raw`f(x, y) = 2x^2 - 1.05x^4 + \tfrac16 x^6 + xy + y^2`,
  formula: "2x² − 1.05x⁴ + x⁶/6 + xy + y²",
  about: "a global minimum between two local ones",
  options: {},
  shape: () => ({
    f: ([x, y]) =>
      total([
        sub(mul(2, square(x!)), mul(1.05, wholePower(x!, 4))),
        mul(1 / 6, wholePower(x!, 6)),
        mul(x!, y!),
        square(y!),
      ]),
    domain: [
      [-2.2, 2.2],
      [-2.2, 2.2],
    ],
    start: [-1.2, 2],
    minima: [
      globalMinimum([0, 0]),
      ...pair(localMinimum, [1.747552345830289, -0.8737761729151445], 0.2986384422368598),
    ],
  }),
});

export const sixHumpCamel: SurfaceRow = defineSurface({
  name: "six-hump-camel",
  label: "six-hump camel",
  tex: String.raw`f(x, y) = \left(4 - 2.1x^2 + \tfrac13 x^4\right)x^2 + xy + \left(4y^2 - 4\right)y^2`,
  formula: "(4 − 2.1x² + x⁴/3)x² + xy + (4y² − 4)y²",
  source: { cite: "Dixon & Szegő 1978" },
  about: "two global and four local minima with saddles between them",
  options: {},
  shape: () => ({
    f: ([x, y]) => {
      const [xx, yy] = [square(x!), square(y!)];
      return total([
        mul(add(sub(4, mul(2.1, xx)), mul(1 / 3, square(xx))), xx),
        mul(x!, y!),
        mul(sub(mul(4, yy), 4), yy),
      ]);
    },
    domain: [
      [-2, 2],
      [-1.2, 1.2],
    ],
    start: [-1.2, 1],
    minima: [
      ...pair(globalMinimum, [0.08984201310031806, -0.7126564030207396], -1.0316284534898774),
      ...pair(localMinimum, [-1.7036067149699807, 0.7960835686726251], -0.2154638243837176),
      ...pair(localMinimum, [-1.6071047529201972, -0.5686514548841314], 2.1042503103112584),
    ],
  }),
});
