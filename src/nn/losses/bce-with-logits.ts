import { add, type Expr, mul, sub } from "../../engine/graph/index.ts";
import { number } from "../../run/options.ts";
import { softplusParts } from "../activations.ts";
import { defineLoss, type Loss, numberTarget, type Reduction, reduceBy, reductionOption } from "./loss.ts";

/** Options of `bceWithLogits`. */
export interface BceWithLogitsOptions {
  /** Weight of the positive term, as PyTorch's `pos_weight`: above 1 favours recall. */
  readonly posWeight?: number;
  readonly reduction?: Reduction;
}

/** log(1 + eᶻ) − z·y elementwise, i.e. −y·log σ(z) − (1 − y)·log(1 − σ(z)) without overflow. */
export function bceWithLogitsValues(z: Expr, y: Expr): Expr {
  const { peak, rest } = softplusParts(z);
  // max(z, 0) − z·y first: for a right and confident logit it is exactly 0 and the small rest survives
  return add(sub(peak, mul(z, y)), rest);
}

/**
 * Binary cross-entropy of logits; finite, with finite gradients, for |z| up to the dtype's range. Targets in [0, 1], of
 * the output's shape → scalar.
 */
export function bceWithLogits(
  logits: Expr,
  target: Expr,
  { posWeight = 1, reduction = "mean" }: BceWithLogitsOptions = {},
): Expr {
  const y = numberTarget("bce-with-logits", logits, target);
  if (posWeight === 1) return reduceBy(bceWithLogitsValues(logits, y), reduction);
  // (1 − y)·z + (1 + (w − 1)·y)·log(1 + e^(−z))
  const { peak, rest } = softplusParts(mul(logits, -1));
  const weight = add(mul(y, posWeight - 1), 1);
  return reduceBy(add(mul(sub(1, y), logits), mul(weight, add(peak, rest))), reduction);
}

export const bceWithLogitsRow: Loss = defineLoss<BceWithLogitsOptions>({
  name: "bce-with-logits",
  elsewhere: { pytorch: "BCEWithLogitsLoss" },
  about: "yes or no, from one logit each",
  formula: "−w·y·log σ(z) − (1 − y)·log(1 − σ(z)), w = posWeight",
  target: "number",
  output: "logit",
  link: "sigmoid",
  options: {
    posWeight: number(1, "weight of the positive term", { min: 0 }),
    reduction: reductionOption,
  },
  make: bceWithLogits,
});
