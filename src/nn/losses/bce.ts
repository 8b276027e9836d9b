import {
  add,
  div,
  type Expr,
  log,
  log1p,
  max,
  mul,
  neg,
  sub,
  withGradient,
} from "../../engine/graph/index.ts";
import { defineLoss, type Loss, numberTarget, type Reduction, reduceBy, reductionOption } from "./loss.ts";

/** Options of `bce`. Default: the mean. */
export interface BceOptions {
  readonly reduction?: Reduction;
}

/** PyTorch writes the constant as a float32, in float64 tensors too. */
const epsilon = Math.fround(1e-12);

/**
 * Binary cross-entropy of probabilities exactly as PyTorch's `BCELoss`: both logs are clamped at −100, and the gradient
 * is (p − y)/max(p(1 − p), 1e-12), which is not the derivative of the clamped value (that one would be 0 where a log is
 * clamped, and training would stall there).
 *
 * Prefer `bce-with-logits`: a float32 sigmoid reaches 0 and 1 exactly and then the value is only a bound.
 */
export function bce(probabilities: Expr, target: Expr, { reduction = "mean" }: BceOptions = {}): Expr {
  const y = numberTarget("bce", probabilities, target);
  const p = probabilities;
  const value = neg(add(mul(y, max(log(p), -100)), mul(sub(1, y), max(log1p(neg(p)), -100))));
  const slope = div(sub(p, y), max(mul(p, sub(1, p)), epsilon));
  return reduceBy(withGradient(value, p, slope), reduction);
}

export const bceRow: Loss = defineLoss<BceOptions>({
  name: "bce",
  elsewhere: { pytorch: "BCELoss" },
  about: "yes or no, from probabilities",
  formula: "−y·log p − (1 − y)·log(1 − p), both logs at least −100",
  target: "number",
  output: "probability",
  link: "identity",
  options: { reduction: reductionOption },
  make: bce,
});
