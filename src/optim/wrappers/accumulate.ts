import { add, div, eq, floor, mul, select, sub, zerosLike } from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { selectState } from "../state.ts";
import { mapKeeping, mapTensors } from "../tensors.ts";
import type { Hyper, State, Tensors, Transform } from "../transform.ts";
import { passOn } from "./inner.ts";

/**
 * One inner step for every `steps` calls, on the mean of their gradients: the big batch in small pieces. Between, the
 * weights stay. The inner `step` counts inner steps; the learning rate is that of the last small batch.
 */
export function accumulate(inner: Transform, { steps }: { readonly steps: number }): Transform {
  if (!(Number.isInteger(steps) && steps >= 1)) {
    throw new SteepestError("option", `accumulate: steps is ${steps}`, {
      help: "give steps a whole number ≥ 1",
    });
  }
  const mean = (grads: Tensors, state: State): Tensors =>
    mapKeeping(state["sum"] as Tensors, (s, k) => add(s, mul(1 / steps, grads[k]!)));
  const innerHyper = (hyper: Hyper): Hyper => ({
    ...hyper,
    step: floor(div(add(hyper.step, steps - 1), steps)),
  });
  return {
    ...passOn(inner),
    ...(inner.measure
      ? {
          measure: (grads, state, params, hyper) =>
            inner.measure!(mean(grads, state), state["inner"] as State, params, innerHyper(hyper)),
        }
      : {}),
    ...(inner.evaluationParams
      ? { evaluationParams: (params, state) => inner.evaluationParams!(params, state["inner"] as State) }
      : {}),
    name: "accumulate",
    init: (params) => ({ sum: mapTensors(params, zerosLike), inner: inner.init(params) }),
    update: (grads, state, params, hyper) => {
      const sum = mean(grads, state);
      const full = eq(sub(hyper.step, mul(steps, floor(div(hyper.step, steps)))), 0);
      const last = state["inner"] as State;
      const [u, next] = inner.update(sum, last, params, innerHyper(hyper));
      return [
        mapTensors(u, (x) => select(full, x, zerosLike(x))),
        {
          sum: mapTensors(sum, (s) => select(full, zerosLike(s), s)),
          inner: selectState(full, next, last),
        },
      ];
    },
  };
}
