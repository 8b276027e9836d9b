/** A run's schedule as factors on the rate that is looked for. */
import { learningRateFromSpec } from "../../optim/schedules/index.ts";
import type { BuiltRun } from "../../train/build.ts";

export interface SchedulePeak {
  /**
   * Step k, from 0: what the rate looked for is multiplied by, and momentum where the schedule sets it. The rate is
   * `optimizer.lr`, or the schedule's highest where it sets rates of its own.
   */
  readonly at: (k: number) => { readonly factor: number; readonly momentum: number | undefined };
  /** Momentum where the rate is highest. */
  readonly momentum: number | undefined;
  /** Highest rate of the schedule over `optimizer.lr`; null where the schedule sets rates of its own. */
  readonly factor: number | null;
}

/** Steps of a long schedule at which its highest rate is looked for. */
const MOST_PLACES = 20_000;

/** A schedule that follows the validation loss is taken as constant. */
export function schedulePeak({ spec, rate, lr, totalSteps, plan }: BuiltRun): SchedulePeak {
  if (rate.followsMetric)
    return { at: () => ({ factor: 1, momentum: undefined }), momentum: undefined, factor: 1 };
  const stride = Math.max(1, Math.ceil(totalSteps / MOST_PLACES));
  const peakOf = (at: (k: number) => number): [rate: number, k: number] => {
    let best: [number, number] = [at(0), 0];
    for (let k = stride; k < totalSteps; k += stride) if (at(k) > best[0]) best = [at(k), k];
    return best;
  };
  const [peak, k] = peakOf(rate.lrAt);
  const twice = learningRateFromSpec(spec.schedule, 2 * lr, {
    totalSteps,
    stepsPerEpoch: plan.stepsPerEpoch,
  });
  const proportional = Math.abs(peakOf(twice.lrAt)[0] / peak - 2) < 1e-9;
  const base = proportional ? lr : peak;
  return {
    at: (step) => ({ factor: rate.lrAt(step) / base, momentum: rate.momentumAt(step) }),
    momentum: rate.momentumAt(k),
    factor: proportional ? peak / lr : null,
  };
}
