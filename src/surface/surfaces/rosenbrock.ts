import { add, mul, square, sub } from "../../engine/graph/index.ts";
import { number } from "../../run/options.ts";
import { total } from "../arithmetic.ts";
import { defineSurface, dimension, each, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const rosenbrock: SurfaceRow = defineSurface<{ readonly b: number; readonly dimension: number }>({
  name: "rosenbrock",
  label: "Rosenbrock's valley",
  tex: String.raw`f(x, y) = (1 - x)^2 + b\,(y - x^2)^2`,
  formula: "(1 − x)² + b(y − x²)²",
  source: { cite: "Rosenbrock 1960" },
  about: "a bent valley: into it in a few steps, along it in thousands",
  options: {
    b: number(100, "steepness of the valley's walls", { above: 0 }),
    dimension: dimension(2),
  },
  shape: ({ b, dimension: n }) => ({
    f: (x) =>
      total(x.slice(1).map((y, i) => add(square(sub(1, x[i]!)), mul(b, square(sub(y, square(x[i]!))))))),
    domain: [...each(n - 1, [-2, 2] as const), [-1, 3]],
    start: [...each(n - 1, -1.5), 2],
    minima: [globalMinimum(each(n, 1))],
  }),
});
