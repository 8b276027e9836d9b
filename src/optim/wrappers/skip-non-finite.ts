import { add, cast, type Expr, eq, select, zerosLike } from "../../engine/graph/index.ts";
import { selectState } from "../state.ts";
import { countNonFinite, mapTensors, scalar } from "../tensors.ts";
import type { Hyper, State, Transform } from "../transform.ts";
import { feedsOf } from "./inner.ts";

/**
 * When any gradient holds NaN or ±Infinity, the weights and the inner state stay as they are. The inner `step` counts
 * the steps taken. `measure` gives `skipped` (this step, 0 or 1) and `skippedTotal`.
 */
export function skipNonFinite(inner: Transform): Transform {
  const innerHyper = (hyper: Hyper, state: State): Hyper => ({
    ...hyper,
    step: add(state["taken"] as Expr, 1),
  });
  return {
    ...(inner.lr === undefined ? {} : { lr: inner.lr }),
    ...feedsOf(inner),
    ...(inner.evaluationParams
      ? { evaluationParams: (params, state) => inner.evaluationParams!(params, state["inner"] as State) }
      : {}),
    name: "skip-non-finite",
    init: (params) => ({ taken: scalar(0), skipped: scalar(0), inner: inner.init(params) }),
    update: (grads, state, params, hyper) => {
      const fine = eq(countNonFinite(grads), 0);
      const last = state["inner"] as State;
      const [u, next] = inner.update(grads, last, params, innerHyper(hyper, state));
      const one = cast(fine, "float64");
      return [
        mapTensors(u, (x) => select(fine, x, zerosLike(x))),
        {
          taken: add(state["taken"] as Expr, one),
          skipped: add(state["skipped"] as Expr, select(fine, 0, scalar(1))),
          inner: selectState(fine, next, last),
        },
      ];
    },
    measure: (grads, state, params, hyper) => {
      const skipped = select(eq(countNonFinite(grads), 0), 0, scalar(1));
      const own = { skipped, skippedTotal: add(state["skipped"] as Expr, skipped) };
      return inner.measure
        ? { ...inner.measure(grads, state["inner"] as State, params, innerHyper(hyper, state)), ...own }
        : own;
    },
  };
}
