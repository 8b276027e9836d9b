import { abs, add, constant, type Expr, mul, square, sum } from "../engine/graph/index.ts";
import type { Tensors } from "./layer.ts";

/** Which tensors `l1Penalty` and `l2Penalty` add up. */
export interface PenaltyOptions {
  /** Which tensors pay; all by default. `(name) => name.endsWith("weight")` spares the biases. */
  readonly only?: (name: string) => boolean;
}

const total = (params: Tensors, only: (name: string) => boolean, cost: (w: Expr) => Expr): Expr => {
  const costs = Object.keys(params)
    .filter(only)
    .map((name) => sum(cost(params[name]!)));
  return costs.length === 0 ? constant(0) : costs.reduce(add);
};

/** λ·Σ|w|, to be added to a loss. */
export const l1Penalty = (
  params: Tensors,
  strength: number,
  { only = () => true }: PenaltyOptions = {},
): Expr => mul(total(params, only, abs), strength);

/** λ/2·Σw², to be added to a loss: its gradient λw is what `weightDecay: λ` adds in SGD. (Keras's `l2` has no ½.) */
export const l2Penalty = (
  params: Tensors,
  strength: number,
  { only = () => true }: PenaltyOptions = {},
): Expr => mul(total(params, only, square), strength / 2);
