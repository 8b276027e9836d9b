/** What the rows of the loss table are, and the small things they share. */
import {
  broadcastTo,
  cast,
  div,
  type Expr,
  eq,
  iota,
  mean,
  ne,
  reshape,
  type Shape,
  select,
  sum,
} from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { choice, type OptionSpec, type OptionValue, resolveOptions } from "../../run/options.ts";
import type { Row } from "../../run/table.ts";
import { noteIndices } from "../index-range.ts";

/** How the elements' losses become one number. */
export type Reduction = "mean" | "sum";

/** Options of a loss as a run file gives them: numbers and words by name. */
export type LossOptions = Readonly<Record<string, number | string>>;

/** From a model's output to probabilities: exp is for logarithms of them. */
export type Link = "softmax" | "sigmoid" | "exp" | "identity";

/** One row of the table of losses: what run files, help and docs know of it, and the loss itself. */
export interface Loss extends Row {
  /** PyTorch's class, or null where it has none. */
  readonly elsewhere: { readonly pytorch: string | null };
  /** One element's loss, before the reduction: z logits, p a probability, ŷ another output, y the target. */
  readonly formula: string;
  /** "class": int32 labels, the output's shape without its last axis. "number": the output's own shape. */
  readonly target: "class" | "number";
  /** What the model's output means to this loss. */
  readonly output: "logits" | "logit" | "probability" | "logProbabilities" | "value";
  /** How the output becomes probabilities; null where it has none: values, margins. */
  readonly link: Link | null;
  readonly options: readonly (OptionSpec & { readonly name: string })[];
  /** The scalar loss. Throws `loss` for an unknown option, `shape` for tensors that do not fit. */
  readonly make: (output: Expr, target: Expr, options?: LossOptions) => Expr;
}

export const reductionOption: OptionSpec<Reduction> = choice<Reduction>(
  ["mean", "sum"],
  "mean",
  "average over the elements, or add them up",
);

/** Options by the type that the loss takes; null is one that is off unless it is given. */
type LossOptionSpecs<O> = {
  readonly [K in keyof O]-?:
    | OptionSpec<Extract<O[K], OptionValue>>
    | OptionSpec<Extract<O[K], number> | null>;
};

/** A row whose options are checked before its formula sees them. */
export function defineLoss<O extends object>(
  row: Omit<Loss, "make" | "options"> & {
    readonly options: LossOptionSpecs<O>;
    readonly make: (output: Expr, target: Expr, options: O) => Expr;
  },
): Loss {
  const options: Readonly<Record<string, OptionSpec>> = row.options;
  return {
    ...row,
    options: Object.entries(options).map(([name, spec]) => ({ name, ...spec })),
    make: (output, target, given = {}) => {
      const resolved = resolveOptions(row.name, options, given, { code: "loss" });
      const set = Object.entries(resolved).filter(([, value]) => value !== null);
      return row.make(output, target, Object.fromEntries(set) as O);
    },
  };
}

export const reduceBy = (values: Expr, reduction: Reduction): Expr =>
  reduction === "mean" ? mean(values) : sum(values);

/** Reduces values of labelled rows; rows labelled `ignoreIndex` are left out of the sum and of the count. */
export function reduceCounted(
  values: Expr,
  labels: Expr,
  { ignoreIndex, reduction }: { ignoreIndex: number | undefined; reduction: Reduction },
): Expr {
  if (ignoreIndex === undefined) return reduceBy(values, reduction);
  const counts = ne(labels, ignoreIndex);
  const total = sum(select(counts, values, 0));
  return reduction === "sum" ? total : div(total, sum(cast(counts, values.dtype)));
}

const show = (shape: Shape): string => `[${shape.join(", ")}]`;

/** A number target in the output's shape and dtype; [N] fits an output [N, 1] and the other way round. */
export function numberTarget(loss: string, output: Expr, target: Expr): Expr {
  const withoutUnitAxes = (shape: Shape): string => show(shape.filter((d) => d !== 1));
  if (withoutUnitAxes(output.shape) !== withoutUnitAxes(target.shape)) {
    throw new SteepestError(
      "shape",
      `${loss}: the output ${show(output.shape)} and the target ${show(target.shape)} differ`,
      { help: "give the model as many outputs as the target has columns" },
    );
  }
  return cast(reshape(target, output.shape), output.dtype);
}

/** Checks an output [N, …, C] against int32 labels [N, …], and notes their range: 0 … C − 1, or `ignoreIndex`. */
export function classTarget(
  loss: string,
  output: Expr,
  target: Expr,
  { ignoreIndex }: { readonly ignoreIndex?: number | undefined } = {},
): Expr {
  const lead = output.shape.slice(0, -1);
  if (output.shape.length < 1 || target.dtype !== "int32" || show(lead) !== show(target.shape)) {
    throw new SteepestError(
      "shape",
      `${loss}: an output ${show(output.shape)} needs int32 labels ${show(lead)}, not ${target.dtype} ${show(target.shape)}`,
      { help: "classes are the last axis of the output; declare the labels with dtype int32" },
    );
  }
  noteIndices(target, output.shape[output.shape.length - 1]!, ignoreIndex);
  return target;
}

/**
 * values [N, …, C] at the label of each row → [N, …], as a masked sum that fuses with what made the values. A label
 * outside 0 … C−1 selects nothing: readers of data check labels, not the step.
 */
export const pick = (values: Expr, labels: Expr): Expr =>
  sum(select(isLabel(values.shape, labels), values, 0), { axes: -1 });

/** bool [N, …, C]: true at each row's label. */
export const isLabel = (shape: Shape, labels: Expr): Expr =>
  eq(iota(shape, shape.length - 1), broadcastTo(reshape(labels, [...labels.shape, 1]), shape));
