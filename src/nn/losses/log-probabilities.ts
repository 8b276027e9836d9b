import { div, type Expr, gt, log, mul, neg, select, sub, sum } from "../../engine/graph/index.ts";
import { choice, maybeNumber } from "../../run/options.ts";
import {
  classTarget,
  defineLoss,
  type Loss,
  numberTarget,
  pick,
  type Reduction,
  reduceBy,
  reduceCounted,
  reductionOption,
} from "./loss.ts";

/** Options of `nll`. Default: every row counts, the mean. */
export interface NllOptions {
  /** Rows with this label count for nothing. */
  readonly ignoreIndex?: number | undefined;
  readonly reduction?: Reduction;
}

/** −log p[label] of log-probabilities [N, …, C] and int32 labels [N, …]. */
export function nll(
  logProbabilities: Expr,
  labels: Expr,
  { ignoreIndex, reduction = "mean" }: NllOptions = {},
): Expr {
  classTarget("nll", logProbabilities, labels, { ignoreIndex });
  return reduceCounted(neg(pick(logProbabilities, labels)), labels, { ignoreIndex, reduction });
}

/** Options of `kl`. Default: the mean over all elements, as PyTorch's. */
export interface KlOptions {
  /** "batchmean" divides by the first axis alone: the divergence per example. PyTorch's default is "mean". */
  readonly reduction?: Reduction | "batchmean";
}

/** y·(log y − ŷ) of log-probabilities ŷ and probabilities y, 0 where y is 0: the divergence of y from exp ŷ. */
export function kl(output: Expr, target: Expr, { reduction = "mean" }: KlOptions = {}): Expr {
  const y = numberTarget("kl", output, target);
  const present = gt(y, 0);
  const values = select(present, mul(y, sub(log(select(present, y, 1)), output)), 0);
  return reduction === "batchmean" ? div(sum(values), output.shape[0] ?? 1) : reduceBy(values, reduction);
}

export const logProbabilityRows: readonly Loss[] = [
  defineLoss<NllOptions>({
    name: "nll",
    elsewhere: { pytorch: "NLLLoss" },
    about: "classes, from log-probabilities",
    formula: "−ŷ[y], ŷ log-probabilities",
    target: "class",
    output: "logProbabilities",
    link: "exp",
    options: {
      ignoreIndex: maybeNumber("rows with this label count for nothing", { integer: true }),
      reduction: reductionOption,
    },
    make: nll,
  }),
  defineLoss<KlOptions>({
    name: "kl",
    elsewhere: { pytorch: "KLDivLoss" },
    about: "distributions, from log-probabilities",
    formula: "y·(log y − ŷ), 0 where y = 0, ŷ log-probabilities",
    target: "number",
    output: "logProbabilities",
    link: "exp",
    options: {
      reduction: choice<Reduction | "batchmean">(
        ["mean", "sum", "batchmean"],
        "mean",
        reductionOption.description,
      ),
    },
    make: kl,
  }),
];
