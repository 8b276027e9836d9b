import { add, div, type Expr, mul, sqrt, square, sub } from "../../engine/graph/index.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { lr, maybeNumber } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import type { State, Tensors, Transform } from "../transform.ts";

export interface NesterovOptions {
  readonly lr: number;
  readonly kappa: number | null;
}

/** tₖ₊₁ = (1 + √(1 + 4tₖ²))/2 */
const nextT = (t: Expr): Expr => div(add(1, sqrt(add(1, mul(4, square(t))))), 2);

/** Trains y, where the gradient is taken; x is the iterate the theory speaks of. */
const accelerated = ({ kappa }: NesterovOptions): Transform => ({
  ...perTensor({
    name: "nesterov",
    slots: { x: (p) => p },
    // t of the step before; the first step sees t₁ = 1
    scalars: { t: { start: 0, next: (_, { t }) => nextT(t) } },
    update: ({ lr: rate }, { t }) => {
      const root = kappa === null ? 0 : Math.sqrt(kappa);
      const momentum = kappa === null ? div(sub(t, 1), nextT(t)) : (root - 1) / (root + 1);
      return (g, { x }, y) => {
        const next = sub(y, mul(rate, g));
        return [sub(add(next, mul(momentum, sub(next, x))), y), { x: next }];
      };
    },
  }),
  evaluationParams: (_: Tensors, state: State) => state["x"] as Tensors,
});

export const nesterov: Optimizer<NesterovOptions> = defineOptimizer<NesterovOptions>({
  name: "nesterov",
  options: {
    lr: lr(1e-2, "learning rate: 1/L for the guarantee"),
    kappa: maybeNumber(
      "condition number L/μ of a strongly convex problem; null uses the rising momentum of 1983",
      {
        min: 1,
      },
    ),
  },
  paper: {
    cite: "Nesterov 1983; constant momentum: Nesterov 2004, scheme 2.2.9",
    equation: "xₖ = yₖ − η∇f(yₖ);  yₖ₊₁ = xₖ + m (xₖ − xₖ₋₁), m = (tₖ−1)/tₖ₊₁ or (√κ−1)/(√κ+1)",
  },
  elsewhere: {},
  kind: "momentum",
  batchRule: "linear",
  corrected: null,
  torch: null,
  purpose: "smooth convex problems: the fastest guarantee a first-order method can have, O(1/k²)",
  stabilityLimit: {
    rule: "(2+2m)/(1+2m)/L with m = (√κ−1)/(√κ+1); 4/(3L) for the rising momentum",
    limit: ({ kappa }, sharpness) => {
      const m = kappa === null ? 1 : (Math.sqrt(kappa) - 1) / (Math.sqrt(kappa) + 1);
      return (2 + 2 * m) / (1 + 2 * m) / sharpness;
    },
  },
  unmodified: "its weights are between two points",
  make: accelerated,
});
