/** A run's schedule as factors on the rate that is looked for. */
import { learningRateFromSpec } from "../../optim/schedules/index.ts";
import type { BuiltRun } from "../../train/build.ts";

export interface SchedulePeak {
  /**
   * Step k, from 0: what the rate looked for is multiplied by, and momentum where the schedule sets it. The rate is
   * `optimizer.lr`, or the schedule's highest where it sets rates of its own.
   */
  readonly at: (k: number) => { readonly factor: number; readonly momentum: number | undefined };
  /** First step at which the rate is highest. */
  readonly peakAt: number;
  /** Momentum where the rate is highest. */
  readonly momentum: number | undefined;
  /** Highest rate of the schedule over `optimizer.lr`; null where the schedule sets rates of its own. */
  readonly factor: number | null;
}

/** Steps of a long schedule at which its highest rate is looked for. */
const MAX_PLACES = 20_000;

/** A schedule that follows the validation loss is taken as constant. */
export function schedulePeak({ spec, rate, lr, totalSteps, plan }: BuiltRun): SchedulePeak {
  if (rate.followsMetric)
    return { at: () => ({ factor: 1, momentum: undefined }), peakAt: 0, momentum: undefined, factor: 1 };
  const stride = Math.max(1, Math.ceil(totalSteps / MAX_PLACES));
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
    peakAt: k,
    momentum: rate.momentumAt(k),
    factor: proportional ? peak / lr : null,
  };
}

/** A warm-up in parts of a run ends after this share of the run at the latest, */
const WARM_UP = 1 / 16;
/** where it would take more than this share, */
const LONG = 1 / 8;
/** and the budget, in trainings, is too small to compare rates much beyond the real one's end. */
const FAR_ENOUGH = 2.2;

/**
 * The schedule for parts of a run. Parts that end within a long warm-up never see the highest rate, and take one that breaks
 * down there for the best; so they go through it faster, and from its end on as the run does.
 */
export function scheduleOfParts(
  { at, peakAt }: Pick<SchedulePeak, "at" | "peakAt">,
  { totalSteps, budget }: { readonly totalSteps: number; readonly budget: number },
): SchedulePeak["at"] {
  const end = Math.ceil(WARM_UP * totalSteps);
  if (budget >= FAR_ENOUGH || peakAt <= LONG * totalSteps) return at;
  return (k) => at(k < end ? Math.round((k * peakAt) / end) : Math.min(totalSteps - 1, k + peakAt - end));
}
