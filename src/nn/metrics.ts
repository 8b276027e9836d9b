import { argmax, cast, type Expr, eq, gt, mean } from "../engine/graph/index.ts";
import { classTarget, type Loss, numberTarget } from "./losses/loss.ts";

/** Share of the rows whose largest output [N, …, C] is at the label [N, …]. */
export const classAccuracy = (output: Expr, labels: Expr): Expr =>
  mean(
    cast(
      eq(argmax(output), classTarget("accuracy", output, labels)),
      output.dtype === "float64" ? "float64" : "float32",
    ),
  );

/** Share of yes/no outputs on the right side of `threshold` (0 for logits, ½ for probabilities). */
export function binaryAccuracy(
  output: Expr,
  target: Expr,
  { threshold = 0 }: { threshold?: number } = {},
): Expr {
  const truth = gt(numberTarget("accuracy", output, target), 0.5);
  return mean(cast(eq(cast(gt(output, threshold), "int32"), cast(truth, "int32")), output.dtype));
}

/** The accuracy that goes with a loss, or null where there is none (regression, distributions). */
export function accuracyFor(loss: Loss): ((output: Expr, target: Expr) => Expr) | null {
  if (loss.target === "class") return classAccuracy;
  if (loss.output === "logit") return (output, target) => binaryAccuracy(output, target);
  if (loss.output === "probability")
    return (output, target) => binaryAccuracy(output, target, { threshold: 0.5 });
  return null;
}
