import { add, div, type Expr, eq, floor, le, max, mul, or, select, sub } from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { applyUpdates, ema, mapKeeping } from "../tensors.ts";
import type { Hyper, State, Tensors, Transform } from "../transform.ts";
import { passOn } from "./inner.ts";

/** Keeps an average of the trained weights, for evaluation only; training does not see it. */
const averaging = (
  name: string,
  inner: Transform,
  next: (average: Expr, p: Expr, hyper: Hyper) => Expr,
): Transform => ({
  ...passOn(inner),
  name,
  init: (params) => ({ average: params, inner: inner.init(params) }),
  update: (grads, state, params, hyper) => {
    const [u, innerState] = inner.update(grads, state["inner"] as State, params, hyper);
    const trained = applyUpdates(params, u);
    const average = mapKeeping(state["average"] as Tensors, (a, k) => next(a, trained[k]!, hyper));
    return [u, { average, inner: innerState }];
  },
  evaluationParams: (_, state) => state["average"] as Tensors,
});

/** average = decay·average + (1 − decay)·θ, from θ₀ on; PyTorch's AveragedModel with get_ema_multi_avg_fn. */
export function emaWeights(inner: Transform, { decay = 0.999 }: { readonly decay?: number } = {}): Transform {
  if (!(decay >= 0 && decay < 1)) {
    throw new SteepestError("option", `emaWeights: decay is ${decay}`, {
      help: "give decay a number in [0, 1)",
    });
  }
  return averaging("ema-weights", inner, (average, p) => ema(average, p, decay));
}

/** Options of `swaWeights`. Default: every step from the first on. */
export interface SwaOptions {
  /** Up to this step the average is the trained weights themselves. */
  readonly start?: number;
  /** Steps between the weights that enter the average. */
  readonly every?: number;
}

/** The running mean of the weights from step `start` on (Izmailov et al. 2018). */
export function swaWeights(inner: Transform, { start = 0, every = 1 }: SwaOptions = {}): Transform {
  if (!(Number.isInteger(start) && start >= 0 && Number.isInteger(every) && every >= 1)) {
    throw new SteepestError("option", `swaWeights: start is ${start}, every is ${every}`, {
      help: "give start a whole number ≥ 0 and every one ≥ 1",
    });
  }
  return averaging("swa-weights", inner, (average, p, { step }) => {
    const rounds = div(sub(step, start), every);
    const due = eq(rounds, floor(rounds));
    const mean = add(average, mul(div(1, max(1, add(rounds, 1))), sub(p, average)));
    return select(or(le(step, start), eq(step, 1)), p, select(due, mean, average));
  });
}
