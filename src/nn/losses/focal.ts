import { add, type Expr, mul, pow, sigmoid, sub } from "../../engine/graph/index.ts";
import { number } from "../../run/options.ts";
import { bceWithLogitsValues } from "./bce-with-logits.ts";
import { defineLoss, type Loss, numberTarget, type Reduction, reduceBy, reductionOption } from "./loss.ts";

/** Options of `focal`. */
export interface FocalOptions {
  /** How strongly easy examples are turned down; 0 is plain BCE. */
  readonly gamma?: number;
  /** Weight of the positive class, 1 − alpha of the negative; −1 for no weighting. */
  readonly alpha?: number;
  readonly reduction?: Reduction;
}

/**
 * (1 − p_t)^γ·BCE with p_t the probability of the truth (Lin et al. 2017, eq. 5), on logits, as
 * `torchvision.ops.sigmoid_focal_loss` (which does not reduce by default).
 */
export function focal(
  logits: Expr,
  target: Expr,
  { gamma = 2, alpha = 0.25, reduction = "mean" }: FocalOptions = {},
): Expr {
  const y = numberTarget("focal", logits, target);
  const p = sigmoid(logits);
  const wrong = sub(add(p, y), mul(mul(p, y), 2)); // 1 − p_t
  const focused = mul(bceWithLogitsValues(logits, y), pow(wrong, gamma));
  const weighted = alpha < 0 ? focused : mul(focused, add(mul(y, 2 * alpha - 1), 1 - alpha));
  return reduceBy(weighted, reduction);
}

export const focalRow: Loss = defineLoss<FocalOptions>({
  name: "focal",
  elsewhere: { pytorch: null },
  about: "yes or no, with many easy negatives",
  formula:
    "aₜ·(1 − pₜ)^gamma·(−log pₜ), pₜ the probability of the truth;  aₜ = alpha for the positive class, 1 − alpha for the other",
  target: "number",
  output: "logit",
  link: "sigmoid",
  options: {
    gamma: number(2, "how strongly easy examples are turned down", { min: 0 }),
    alpha: number(0.25, "weight of the positive class; -1 for none", { min: -1, max: 1 }),
    reduction: reductionOption,
  },
  make: focal,
});
