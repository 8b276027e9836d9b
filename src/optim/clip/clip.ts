import type { Expr } from "../../engine/graph/index.ts";
import { NonFiniteError } from "../../run/errors.ts";
import type { Hyper, State, Tensors, Transform } from "../transform.ts";

/** float64 scalars of one step. */
export type ClipMeasure = {
  /** Norm of all gradients before clipping (p as the clip measures it, else 2). */
  readonly gradNorm: Expr;
  /** Share of what can be clipped (the whole gradient, tensors, entries) that was: 0 to 1. */
  readonly clipped: Expr;
  /** Entries that are NaN or ±Infinity. */
  readonly nonFinite: Expr;
};

/** A transform of gradients that also says what it did. Most need the gradients only. */
export interface Clip extends Transform {
  readonly measure: (grads: Tensors, state: State, params: Tensors, hyper: Hyper) => ClipMeasure;
}

/** Throws `NonFiniteError` when `count` (the measured `nonFinite`) is not 0. */
export function requireFinite(count: number, step: number): void {
  if (count === 0) return;
  throw new NonFiniteError(`${count} gradient entries are NaN or infinite`, {
    where: `at step ${step}`,
    help: "lower the learning rate, or drop errorIfNonfinite and skip such steps",
  });
}
