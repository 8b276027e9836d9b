import { cast, type Expr } from "../engine/graph/index.ts";
import { mapTensors, scalar } from "./tensors.ts";
import type { Hyper, State, Tensors, Transform } from "./transform.ts";

type Slots<S extends string> = { readonly [K in S]: Expr };

/** An update rule that looks at one tensor at a time: what most papers print. */
export interface TensorRule<S extends string, C extends string = never> {
  readonly name: string;
  /** State tensors of each parameter and how they start. */
  readonly slots: { readonly [K in S]: (param: Expr) => Expr };
  /** float64 numbers kept for the whole model: where they start, and each step's value from the last one's. */
  readonly scalars?: {
    readonly [K in C]: {
      readonly start: number;
      readonly next: (hyper: Hyper, last: Slots<C>) => Expr;
    };
  };
  /**
   * Called once a step, so that scalars are computed once (`scalars` already hold this step's values); what it returns
   * is called for each tensor with its gradient (or the update so far), its state and the parameter.
   */
  readonly update: (
    hyper: Hyper,
    scalars: Slots<C>,
  ) => (g: Expr, slots: Slots<S>, param: Expr) => readonly [Expr, Slots<S>];
}

/** The transform of a rule for one tensor. State is laid out slot by slot; every dtype is kept. */
export function perTensor<S extends string, C extends string = never>({
  name,
  slots,
  scalars,
  update,
}: TensorRule<S, C>): Transform {
  const keys = Object.keys(slots) as S[];
  const shared = Object.keys(scalars ?? {}) as C[];
  const fromShared = (f: (k: C) => Expr): Slots<C> =>
    Object.fromEntries(shared.map((k) => [k, f(k)])) as Slots<C>;
  return {
    name,
    init: (params) => ({
      ...Object.fromEntries(keys.map((k) => [k, mapTensors(params, (p) => slots[k](p))])),
      ...(fromShared((k) => scalar(scalars![k].start)) as State),
    }),
    update: (grads, state, params, hyper) => {
      const last = fromShared((k) => state[k] as Expr);
      const now = fromShared((k) => scalars![k].next(hyper, last));
      const rule = update(hyper, now);
      const updates: Record<string, Expr> = {};
      const next: Record<string, Record<string, Expr>> = Object.fromEntries(keys.map((k) => [k, {}]));
      for (const [tensor, g] of Object.entries(grads)) {
        const p = params[tensor]!;
        const before = Object.fromEntries(keys.map((k) => [k, (state[k] as Tensors)[tensor]!])) as Slots<S>;
        const [u, after] = rule(g, before, p);
        updates[tensor] = cast(u, p.dtype);
        for (const k of keys) next[k]![tensor] = cast(after[k], before[k].dtype);
      }
      return [updates, { ...next, ...(now as State) }];
    },
  };
}

/** A transform without state. */
export const stateless = (
  name: string,
  update: (hyper: Hyper) => (g: Expr, param: Expr, name: string) => Expr,
): Transform => ({
  name,
  init: () => ({}),
  update: (grads, _, params, hyper) => {
    const rule = update(hyper);
    return [mapTensors(grads, (g, k) => cast(rule(g, params[k]!, k), params[k]!.dtype)), {}];
  },
});
