/** Run files as typed values: every name and option is that of its table, so a misspelt one does not compile. */
import type { Expr } from "../engine/graph/index.ts";
import type * as losses from "../nn/losses/index.ts";
import type { ClipOptions } from "../optim/clip/index.ts";
import type * as optim from "../optim/index.ts";
import type { ScheduleOptions } from "../optim/schedules/option-types.ts";
import type { ModelSpec, ModuleSpec, RunInput } from "../run/spec.ts";
import type { CustomModel } from "./model.ts";
import type { LossFunction } from "./trace.ts";

/** "scheduleFreeAdamw" → "schedule-free-adamw": an exported function's name as run files write it. */
type Kebab<S extends string> = S extends `${infer C}${infer Rest}`
  ? `${C extends Lowercase<C> ? C : `-${Lowercase<C>}`}${Kebab<Rest>}`
  : S;

type OptimizerOptions = {
  [K in keyof typeof optim as (typeof optim)[K] extends { readonly row: optim.OptimizerRow }
    ? Kebab<K>
    : never]: (typeof optim)[K] extends (options?: infer O) => unknown ? Omit<O, "lr"> : never;
};

type LossOptions = {
  [K in keyof typeof losses as (typeof losses)[K] extends (output: Expr, target: Expr) => Expr
    ? Kebab<K>
    : never]: (typeof losses)[K] extends (output: Expr, target: Expr, options?: infer O) => Expr ? O : never;
};

/** A row of a table by its name alone, or with its options. */
type Choice<Rows, More = unknown> =
  | keyof Rows
  | { [N in keyof Rows]: { readonly name: N } & Rows[N] & More }[keyof Rows];

/** `RunInput` with the options of every optimizer, schedule, loss and clip. Names are steepest's own. */
export type Run = Omit<RunInput, "clip" | "loss" | "model" | "optimizer" | "schedule"> & {
  readonly model: ModelSpec | CustomModel;
  readonly loss?: Choice<LossOptions> | ModuleSpec | LossFunction;
  /** `lr` in the units of the optimizer's paper; `"auto"`: a search finds it before training. */
  readonly optimizer: Choice<OptimizerOptions, { readonly lr?: number | "auto" }>;
  readonly schedule?: Choice<ScheduleOptions, { readonly lr?: number }>;
  readonly clip?: ClipOptions[keyof ClipOptions];
};

/**
 * A run as the default export of a TypeScript module: `export default defineRun({ … })`, then
 * `steepest train run.ts`. It returns its argument; values are checked when the run is built.
 */
export const defineRun = (run: Run): Run => run;
