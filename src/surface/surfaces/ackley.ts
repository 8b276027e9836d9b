import { add, cos, div, eq, exp, mul, select, sqrt, square, sub } from "../../engine/graph/index.ts";
import { total } from "../arithmetic.ts";
import { defineSurface, dimension, each, globalMinimum } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

export const ackley: SurfaceRow = defineSurface<{ readonly dimension: number }>({
  name: "ackley",
  label: "Ackley's function",
  tex: String.raw`f(x) = 20 + e - 20\,e^{-0.2\sqrt{\frac1n\sum_i x_i^2}} - e^{\frac1n\sum_i \cos 2\pi x_i}`,
  formula: "20 + e − 20 exp(−0.2 √mean x²) − exp(mean cos 2πx)",
  source: { cite: "Ackley 1987" },
  about: "a nearly flat, rippled plain around a funnel: far out the gradient says little",
  options: { dimension: dimension() },
  shape: ({ dimension: n }) => ({
    f: (x) => {
      const squares = div(total(x.map((c) => square(c))), n);
      // a cone has no slope at its tip: 0 there, as for |x|
      const tip = eq(squares, 0);
      const radius = select(tip, 0, sqrt(select(tip, 1, squares)));
      const waves = div(total(x.map((c) => cos(mul(2 * Math.PI, c)))), n);
      return sub(add(sub(20, mul(20, exp(mul(-0.2, radius)))), Math.E), exp(waves));
    },
    domain: each(n, [-5, 5]),
    start: [...each(n - 1, -3.4), 2.7].slice(-n),
    minima: [globalMinimum(each(n, 0))],
  }),
});
