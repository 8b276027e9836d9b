import {
  add,
  div,
  type Expr,
  log,
  log1p,
  max,
  mul,
  neg,
  stopGradient,
  sub,
} from "../../engine/graph/index.ts";
import { defineLoss, type Loss, numberTarget, type Reduction, reduceBy, reductionOption } from "./loss.ts";

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
 * The value is therefore taken at the constant p₀ = stopGradient(p), and (p − p₀)·G((p + p₀)/2) is added: it is 0, its
 * first derivative is G(p) and its second G′(p), as if G had been integrated.
 *
 * Prefer `bce-with-logits`: a float32 sigmoid reaches 0 and 1 exactly and then the value is only a bound.
 */
export function bce(probabilities: Expr, target: Expr, { reduction = "mean" }: BceOptions = {}): Expr {
  const y = numberTarget("bce", probabilities, target);
  const p = stopGradient(probabilities);
  const value = neg(add(mul(y, max(log(p), -100)), mul(sub(1, y), max(log1p(neg(p)), -100))));
  const middle = mul(add(probabilities, p), 0.5);
  const slope = div(sub(middle, y), max(mul(middle, sub(1, middle)), epsilon));
  return reduceBy(add(value, mul(sub(probabilities, p), slope)), reduction);
}

export const bceRow: Loss = defineLoss<BceOptions>({
  name: "bce",
  torch: "BCELoss",
  about: "yes or no, from probabilities",
  target: "number",
  output: "probability",
  options: { reduction: reductionOption },
  make: bce,
});
