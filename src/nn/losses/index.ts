export { type BceOptions, bce } from "./bce.ts";
export { type BceWithLogitsOptions, bceWithLogits } from "./bce-with-logits.ts";
export { defineLoss, type Loss, type LossOption, type LossOptions, type Reduction } from "./loss.ts";
export { type MseOptions, mse } from "./mse.ts";
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from "./softmax-cross-entropy.ts";
export { findLoss, lossTable } from "./table.ts";
