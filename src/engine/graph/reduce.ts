/** Primitives that reduce axes, and what is made of them. */

import { requireFloat, requireNumber } from "./describe.ts";
import { add, div, exp, isFinite, log, select, stopGradient, sub } from "./elementwise.ts";
import { type Expr, makeNode } from "./expr.ts";
import { zerosLike } from "./leaves.ts";
import { reshape } from "./movement.ts";
import { normalizeAxes, shapeError, showShape } from "./shape.ts";

/** Which axes a reduction takes, and whether they stay as axes of size 1. */
export interface ReduceOptions {
  /** Axes to reduce; all by default. Negative counts from the end. */
  readonly axes?: readonly number[] | number | undefined;
  /** Keep reduced axes with size 1. */
  readonly keepDims?: boolean;
}

const reduction =
  (op: "reduceSum" | "reduceMax" | "reduceMin") =>
  (x: Expr, { axes, keepDims = false }: ReduceOptions = {}): Expr => {
    requireNumber(op, x);
    const list = normalizeAxes(op, x.shape.length, axes);
    if (op !== "reduceSum" && list.some((a) => x.shape[a] === 0)) {
      throw shapeError(
        op,
        `the axes [${list.join(", ")}] of ${showShape(x.shape)} are empty and have no ${op.slice(6).toLowerCase()}`,
      );
    }
    const shape = x.shape.filter((_, i) => !list.includes(i));
    const out = list.length === 0 ? x : makeNode(op, [x], { axes: list }, shape, x.dtype);
    return keepDims
      ? reshape(
          out,
          x.shape.map((d, i) => (list.includes(i) ? 1 : d)),
        )
      : out;
  };

type Reduce = (x: Expr, options?: ReduceOptions) => Expr;
/** The sum over `axes`; 0 over an empty axis. Throws `shape` for axes that the tensor does not have. */
export const sum: Reduce = reduction("reduceSum");
/** Largest element; NaN wins. */
export const amax: Reduce = reduction("reduceMax");
/** Smallest element; NaN wins. */
export const amin: Reduce = reduction("reduceMin");

/** The mean over `axes`; float. NaN over an empty axis. */
export function mean(x: Expr, options: ReduceOptions = {}): Expr {
  requireFloat("mean", x);
  const n = normalizeAxes("mean", x.shape.length, options.axes).reduce((p, a) => p * x.shape[a]!, 1);
  return div(sum(x, options), n);
}

/** Index of the first largest element along `axis`, int32; the first NaN counts as largest. */
export function argmax(x: Expr, axis = -1): Expr {
  const [a] = normalizeAxes("argmax", x.shape.length, axis);
  if (x.shape[a!] === 0) throw shapeError("argmax", `axis ${axis} of ${showShape(x.shape)} is empty`);
  return makeNode(
    "argmax",
    [x],
    { axis: a! },
    x.shape.filter((_, i) => i !== a),
    "int32",
  );
}

/** log Σ exp(x) without overflow. */
export function logSumExp(x: Expr, { axes, keepDims = false }: ReduceOptions = {}): Expr {
  const peak = stopGradient(amax(x, { axes, keepDims: true }));
  const safe = select(isFinite(peak), peak, zerosLike(peak));
  const total = add(log(sum(exp(sub(x, safe)), { axes, keepDims: true })), safe);
  const list = normalizeAxes("logSumExp", x.shape.length, axes);
  return keepDims
    ? total
    : reshape(
        total,
        x.shape.filter((_, i) => !list.includes(i)),
      );
}

/** log of `softmax` along `axis`, without overflow. */
export const logSoftmax = (x: Expr, axis = -1): Expr => {
  const shifted = sub(x, stopGradient(amax(x, { axes: axis, keepDims: true })));
  return sub(shifted, log(sum(exp(shifted), { axes: axis, keepDims: true })));
};

/** eˣ over its sum along `axis`, without overflow: the probabilities along it add up to 1. */
export const softmax = (x: Expr, axis = -1): Expr => {
  const e = exp(sub(x, stopGradient(amax(x, { axes: axis, keepDims: true }))));
  return div(e, sum(e, { axes: axis, keepDims: true }));
};
