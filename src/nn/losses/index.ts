export {
  type HuberOptions,
  huber,
  type L1Options,
  l1,
  type SmoothL1Options,
  smoothL1,
} from "./absolute.ts";
export { type BceOptions, bce } from "./bce.ts";
export { type BceWithLogitsOptions, bceWithLogits } from "./bce-with-logits.ts";
export { type FocalOptions, focal } from "./focal.ts";
export { type HingeOptions, hinge, multiMargin } from "./hinge.ts";
export { type KlOptions, kl, type NllOptions, nll } from "./log-probabilities.ts";
export { defineLoss, type Loss, type LossOptions, type Reduction } from "./loss.ts";
export { type MseOptions, mse } from "./mse.ts";
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from "./softmax-cross-entropy.ts";
export { findLoss, lossTable } from "./table.ts";
