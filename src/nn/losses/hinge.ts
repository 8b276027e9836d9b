import { add, div, type Expr, gt, mul, reshape, select, square, sub, sum } from "../../engine/graph/index.ts";
import { number } from "../../run/options.ts";
import { reluOf } from "../activations.ts";
import {
  classTarget,
  defineLoss,
  isLabel,
  type Loss,
  numberTarget,
  pick,
  type Reduction,
  reduceBy,
  reductionOption,
} from "./loss.ts";

/** Options of `hinge` and `multiMargin`. Default: margin 1, not squared, the mean. */
export interface HingeOptions {
  readonly margin?: number;
  /** 1, or 2 for the squared hinge. */
  readonly power?: number;
  readonly reduction?: Reduction;
}

const toPower = (x: Expr, power: number): Expr => (power === 2 ? square(x) : x);

/** max(0, margin − s·z)^power with s = 1 for targets above 0 and −1 for the others (0/1 and ±1 both work). */
export function hinge(
  output: Expr,
  target: Expr,
  { margin = 1, power = 1, reduction = "mean" }: HingeOptions = {},
): Expr {
  const positive = gt(numberTarget("hinge", output, target), 0);
  const signed = select(positive, output, mul(output, -1));
  return reduceBy(toPower(reluOf(sub(margin, signed)), power), reduction);
}

/** PyTorch's `MultiMarginLoss`: mean over classes of max(0, margin − z[label] + z[j])^power, j ≠ label. */
export function multiMargin(
  output: Expr,
  labels: Expr,
  { margin = 1, power = 1, reduction = "mean" }: HingeOptions = {},
): Expr {
  classTarget("multi-margin", output, labels);
  const right = reshape(pick(output, labels), [...labels.shape, 1]);
  const violations = toPower(reluOf(add(sub(output, right), margin)), power);
  const others = select(isLabel(output.shape, labels), 0, violations);
  return reduceBy(div(sum(others, { axes: -1 }), output.shape[output.shape.length - 1]!), reduction);
}

const options = {
  margin: number(1, "how far on the right side is far enough"),
  power: number(1, "1, or 2 for the squared hinge", { min: 1, max: 2 }),
  reduction: reductionOption,
};

export const hingeRows: readonly Loss[] = [
  defineLoss<HingeOptions>({
    name: "hinge",
    elsewhere: { pytorch: null },
    about: "yes or no, the largest margin",
    formula: "max(0, margin − s·z)^power, s = 1 for targets above 0, else −1",
    target: "number",
    output: "logit",
    link: null,
    options,
    make: hinge,
  }),
  defineLoss<HingeOptions>({
    name: "multi-margin",
    elsewhere: { pytorch: "MultiMarginLoss" },
    about: "classes, the largest margin",
    formula: "1/C · Σ over classes j ≠ y of max(0, margin − z[y] + z[j])^power",
    target: "class",
    output: "logits",
    link: null,
    options,
    make: multiMargin,
  }),
];
