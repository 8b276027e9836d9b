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
  /** Schedule-driven momentum (1-cycle, cyclic): replaces `momentum` or β1 of optimizers that have one; not while NaN. */
  readonly momentum?: Expr;
  /** Schedule-driven weight decay: a factor on every weight decay of the chain; 1 when absent. */
  readonly weightDecay?: Expr;
  /** Values of the optimizer's own schedules by their names (`Transform.feeds`). */
  readonly feeds?: Tensors;
  /** Loss and gradients at other parameters on the same batch, for SAM and Sophia's Hessian estimates. */
  readonly evaluate?: (params: Tensors) => readonly [Expr, Tensors];
  /** Key words of this step's random numbers, for optimizers that draw noise. */
  readonly key?: readonly [Expr, Expr];
}

/** A number that the host gives at every step, beside the rate: a schedule of the optimizer's own. */
export interface Feed {
  readonly name: string;
  /** Its value at a step, counted from 0. */
  readonly at: (step: number) => number;
}

/**
 * One contract, two pure functions. `update` turns gradients into updates that are *added* to the parameters, and the
 * old state into the new one. A named optimizer is a chain of these.
 */
export interface Transform {
  readonly init: (params: Tensors) => State;
  readonly update: (grads: Tensors, state: State, params: Tensors, hyper: Hyper) => readonly [Tensors, State];
  /** Key of this transform's state inside a chain, so that checkpoints read "adam.m.0.weight". */
  readonly name?: string;
  /** The row of the table it was made from, with the options that were given; absent for one of the user's own. */
  readonly declared?: { readonly name: string; readonly [option: string]: unknown };
  /** The learning rate the host feeds as `hyper.lr` when no schedule gives another. */
  readonly lr?: number;
  /** What its `update` finds in `hyper.feeds`. */
  readonly feeds?: readonly Feed[];
  /** Scalars worth logging, from the same arguments as `update`: the norm before clipping, whether a step was skipped. */
  readonly measure?: (grads: Tensors, state: State, params: Tensors, hyper: Hyper) => Tensors;
  /** The host throws (`requireFinite`) when the measured `nonFinite` is not 0: clip_grad_norm_'s error_if_nonfinite. */
  readonly errorIfNonfinite?: boolean;
  /** The parameters to validate and export with, where they are not the trained ones (averages, schedule-free). */
  readonly evaluationParams?: (params: Tensors, state: State) => Tensors;
}
