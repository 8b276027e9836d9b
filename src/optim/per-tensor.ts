import { cast, type Expr } from "../engine/graph/index.ts";
import { mapTensors } from "./tensors.ts";
import type { Hyper, Tensors, Transform } from "./transform.ts";

type Slots<S extends string> = { readonly [K in S]: Expr };

/** An update rule that looks at one tensor at a time: what most papers print. */
export interface TensorRule<S extends string> {
  readonly name: string;
  /** State tensors of each parameter and how they start. */
  readonly slots: { readonly [K in S]: (param: Expr) => Expr };
  /** Called once a step, so that scalars are computed once; what it returns is called for each tensor. */
  readonly update: (
    hyper: Hyper,
  ) => (g: Expr, slots: Slots<S>, param: Expr, name: string) => readonly [Expr, Slots<S>];
}

/** The transform of a rule for one tensor. State is laid out slot by slot; every dtype is kept. */
export function perTensor<S extends string>({ name, slots, update }: TensorRule<S>): Transform {
  const keys = Object.keys(slots) as S[];
  return {
    name,
    init: (params) =>
      Object.fromEntries(keys.map((k) => [k, mapTensors(params, (p) => cast(slots[k](p), p.dtype))])),
    update: (grads, state, params, hyper) => {
      const rule = update(hyper);
      const updates: Record<string, Expr> = {};
      const next: Record<string, Record<string, Expr>> = Object.fromEntries(keys.map((k) => [k, {}]));
      for (const [tensor, g] of Object.entries(grads)) {
        const p = params[tensor]!;
        const before = Object.fromEntries(keys.map((k) => [k, (state[k] as Tensors)[tensor]!])) as Slots<S>;
        const [u, after] = rule(g, before, p, tensor);
        updates[tensor] = cast(u, p.dtype);
        for (const k of keys) next[k]![tensor] = cast(after[k], before[k].dtype);
      }
      return [updates, next];
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
