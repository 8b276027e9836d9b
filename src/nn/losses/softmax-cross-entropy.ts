import { add, type Expr, logSoftmax, mul, neg, sum } from "../../engine/graph/index.ts";
import { maybeNumber, number } from "../../run/options.ts";
import {
  classTarget,
  defineLoss,
  type Loss,
  pick,
  type Reduction,
  reduceCounted,
  reductionOption,
} from "./loss.ts";

/** Options of `softmaxCrossEntropy`. Default: no smoothing, every row counts, the mean. */
export interface SoftmaxCrossEntropyOptions {
  /** Share of the target spread evenly over all classes. */
  readonly labelSmoothing?: number;
  /** Rows with this label count for nothing, as PyTorch's `ignore_index`. */
  readonly ignoreIndex?: number | undefined;
  readonly reduction?: Reduction;
}

/**
 * −log softmax(z)[label]. Logits [N, …, C] (PyTorch has the classes on axis 1), int32 labels [N, …] → scalar.
 * Finite for logits up to the dtype's range. Label smoothing as PyTorch: (1 − ε)·nll + ε·mean over classes.
 */
export function softmaxCrossEntropy(
  logits: Expr,
  labels: Expr,
  { labelSmoothing = 0, ignoreIndex, reduction = "mean" }: SoftmaxCrossEntropyOptions = {},
): Expr {
  classTarget("softmax-cross-entropy", logits, labels, { ignoreIndex });
  const logp = logSoftmax(logits);
  const nll = neg(pick(logp, labels));
  const classes = logits.shape[logits.shape.length - 1]!;
  const values =
    labelSmoothing === 0
      ? nll
      : add(mul(nll, 1 - labelSmoothing), mul(sum(logp, { axes: -1 }), -labelSmoothing / classes));
  return reduceCounted(values, labels, { ignoreIndex, reduction });
}

export const softmaxCrossEntropyRow: Loss = defineLoss<SoftmaxCrossEntropyOptions>({
  name: "softmax-cross-entropy",
  elsewhere: { pytorch: "CrossEntropyLoss" },
  about: "classes, from logits",
  formula:
    "−log softmax(z)[y];  labelSmoothing s: (1 − s)·(−log softmax(z)[y]) + s·mean over classes of −log softmax(z)",
  target: "class",
  output: "logits",
  link: "softmax",
  options: {
    labelSmoothing: number(0, "share of the target spread over all classes", { min: 0, max: 1 }),
    ignoreIndex: maybeNumber("rows with this label count for nothing", { integer: true }),
    reduction: reductionOption,
  },
  make: softmaxCrossEntropy,
});
