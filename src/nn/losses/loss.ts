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
import { closest, SteepestError } from "../../run/errors.ts";

/** How the elements' losses become one number. */
export type Reduction = "mean" | "sum";

/** Options of a loss as a run file gives them: numbers and words by name. */
export type LossOptions = Readonly<Record<string, number | string>>;

/** One option of a loss: a number in [min, max], or one of some words. */
export interface LossOption {
  /** null: off unless a number is given. */
  readonly default: number | string | null;
  readonly about: string;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
}

/** From a model's output to probabilities: exp is for logarithms of them. */
export type Link = "softmax" | "sigmoid" | "exp" | "identity";

/** One row of the table of losses: what run files, help and docs know of it, and the loss itself. */
export interface Loss {
  /** As run files write it. */
  readonly name: string;
  /** PyTorch's class, or null where it has none. */
  readonly torch: string | null;
  /** What it is for, in a line. */
  readonly about: string;
  /** One element's loss, before the reduction: z logits, p a probability, ŷ another output, y the target. */
  readonly formula: string;
  /** "class": int32 labels, the output's shape without its last axis. "number": the output's own shape. */
  readonly target: "class" | "number";
  /** What the model's output means to this loss. */
  readonly output: "logits" | "logit" | "probability" | "logProbabilities" | "value";
  /** How the output becomes probabilities; null where it has none: values, margins. */
  readonly link: Link | null;
  readonly options: Readonly<Record<string, LossOption>>;
  /** The scalar loss. Throws `loss` for an unknown option, `shape` for tensors that do not fit. */
  readonly make: (output: Expr, target: Expr, options?: LossOptions) => Expr;
}

export const reductionOption: LossOption = {
  default: "mean",
  choices: ["mean", "sum"],
  about: "average over the elements, or add them up",
};

/** A row whose options are checked before its formula sees them. */
export function defineLoss<O extends object>(
  row: Omit<Loss, "make" | "options"> & {
    readonly options: { readonly [K in keyof O]-?: LossOption };
    readonly make: (output: Expr, target: Expr, options: O) => Expr;
  },
): Loss {
  return {
    ...row,
    options: row.options,
    make: (output, target, options = {}) =>
      row.make(output, target, checkOptions(row.name, row.options, options) as O),
  };
}

/** Defaults filled in; refuses names and values outside the table. */
function checkOptions(
  loss: string,
  table: Readonly<Record<string, LossOption>>,
  given: LossOptions,
): LossOptions {
  const names = Object.keys(table);
  for (const [name, value] of Object.entries(given)) {
    const option = table[name];
    if (option === undefined) {
      const near = closest(name, names);
      throw lossError(
        `${loss} has no option "${name}"`,
        near ? `did you mean "${near}"?` : `its options are ${names.join(", ")}`,
      );
    }
    const type = option.default === null ? "number" : typeof option.default;
    if (typeof value !== type)
      throw lossError(`${loss}: ${name} must be a ${type}, not ${JSON.stringify(value)}`);
    if (option.choices !== undefined && !option.choices.includes(String(value)))
      throw lossError(`${loss}: ${name} must be one of ${option.choices.join(", ")}, not "${value}"`);
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = option;
    if (typeof value === "number" && !(value >= min && value <= max))
      throw lossError(`${loss}: ${name} must lie between ${min} and ${max}, not ${value}`);
  }
  const defaults = names.flatMap((n) => {
    const value = table[n]!.default;
    return value === null ? [] : [[n, value] as const];
  });
  return { ...Object.fromEntries(defaults), ...given };
}

export const lossError = (what: string, help?: string): SteepestError =>
  new SteepestError("loss", what, { help });

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
  const squeezed = (shape: Shape): string => show(shape.filter((d) => d !== 1));
  if (squeezed(output.shape) !== squeezed(target.shape)) {
    throw new SteepestError(
      "shape",
      `${loss}: the output ${show(output.shape)} and the target ${show(target.shape)} differ`,
      { help: "give the model as many outputs as the target has columns" },
    );
  }
  return cast(reshape(target, output.shape), output.dtype);
}

/** Checks an output [N, …, C] against int32 labels [N, …]. */
export function classTarget(loss: string, output: Expr, target: Expr): Expr {
  const lead = output.shape.slice(0, -1);
  if (output.shape.length < 1 || target.dtype !== "int32" || show(lead) !== show(target.shape)) {
    throw new SteepestError(
      "shape",
      `${loss}: an output ${show(output.shape)} needs int32 labels ${show(lead)}, not ${target.dtype} ${show(target.shape)}`,
      { help: "classes are the last axis of the output" },
    );
  }
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
