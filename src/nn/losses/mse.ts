import { type Expr, square, sub } from "../../engine/graph/index.ts";
import { defineLoss, type Loss, numberTarget, type Reduction, reduceBy, reductionOption } from "./loss.ts";

/** Options of `mse`. Default: the mean. */
export interface MseOptions {
  readonly reduction?: Reduction;
}

/** Mean of (ŷ − y)²; the target has the output's shape → scalar. */
export function mse(output: Expr, target: Expr, { reduction = "mean" }: MseOptions = {}): Expr {
  return reduceBy(square(sub(output, numberTarget("mse", output, target))), reduction);
}

export const mseRow: Loss = defineLoss<MseOptions>({
  name: "mse",
  elsewhere: { pytorch: "MSELoss" },
  about: "numbers, squared distance",
  formula: "(ŷ − y)²",
  target: "number",
  output: "value",
  link: null,
  options: { reduction: reductionOption },
  make: mse,
});
