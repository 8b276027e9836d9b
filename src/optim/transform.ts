import type { Expr } from "../engine/graph/index.ts";

/** Parameter name → expression. */
export type Tensors = Readonly<Record<string, Expr>>;

/** What an optimizer keeps between steps: a record of tensors, nested as it likes. Leaves keep shape and dtype. */
export interface State {
  readonly [key: string]: Expr | State;
}

/** Program inputs that change from step to step without recompiling. float64 scalars. */
export interface Hyper {
  /** The schedule's value for this step. */
  readonly lr: Expr;
  /** 1 at the first update. */
  readonly step: Expr;
  /** The loss before the update, for optimizers that read it (Polyak's step). */
  readonly loss?: Expr;
  /** Schedule-driven momentum (1-cycle, cyclic); optimizers without it use their option. */
  readonly momentum?: Expr;
  /** Loss and gradients at other parameters on the same batch, for SAM, L-BFGS and Sophia's Hessian estimates. */
  readonly evaluate?: (params: Tensors) => readonly [Expr, Tensors];
  /** Key words of this step's random numbers, for optimizers that draw noise. */
  readonly key?: readonly [Expr, Expr];
}

/**
 * One contract, two pure functions. `update` turns gradients into updates that are *added* to the parameters, and the
 * old state into the new one. A named optimizer is a chain of these.
 */
export interface Transform {
  readonly init: (params: Tensors) => State;
  readonly update: (grads: Tensors, state: State, params: Tensors, hyper: Hyper) => readonly [Tensors, State];
}
