import { add, div, eq, floor, mul, select, sub } from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { applyUpdates, mapKeeping } from "../tensors.ts";
import type { State, Tensors, Transform } from "../transform.ts";
import { passOn } from "./inner.ts";

/** Options of `lookahead`. Defaults of the paper: `k` 5, `alpha` 0.5. */
export interface LookaheadOptions {
  /** Fast steps between synchronisations. */
  readonly k?: number;
  /** How far the slow weights go towards the fast ones. */
  readonly alpha?: number;
}

/**
 * Every k steps slow += α(fast − slow) and fast = slow (Zhang et al. 2019, algorithm 1). The inner state is kept at a
 * synchronisation. Trained are the fast weights, evaluated the slow ones.
 */
export function lookahead(inner: Transform, { k = 5, alpha = 0.5 }: LookaheadOptions = {}): Transform {
  if (!(Number.isInteger(k) && k >= 1 && alpha > 0 && alpha <= 1)) {
    throw new SteepestError("option", `lookahead: k is ${k}, alpha is ${alpha}`, {
      help: "give k a whole number ≥ 1 and alpha a number in (0, 1]",
    });
  }
  return {
    ...passOn(inner),
    name: "lookahead",
    init: (params) => ({ slow: params, inner: inner.init(params) }),
    update: (grads, state, params, hyper) => {
      const [u, next] = inner.update(grads, state["inner"] as State, params, hyper);
      const fast = applyUpdates(params, u);
      const due = eq(sub(hyper.step, mul(k, floor(div(hyper.step, k)))), 0);
      const slow = mapKeeping(state["slow"] as Tensors, (s, name) =>
        select(due, add(s, mul(alpha, sub(fast[name]!, s))), s),
      );
      const updates = mapKeeping(u, (x, name) => select(due, sub(slow[name]!, params[name]!), x));
      return [updates, { slow, inner: next }];
    },
    evaluationParams: (_, state) => state["slow"] as Tensors,
  };
}
