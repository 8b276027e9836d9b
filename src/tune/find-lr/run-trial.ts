/** A built run as the search sees it: restarted with any seed, and left exactly as it was found. */
import { batchPlan, rowCount } from "../../data/index.ts";
import { learningRateFromSpec } from "../../optim/schedules/index.ts";
import type { BuiltRun } from "../../train/build.ts";
import type { Trial } from "./range-test.ts";
import type { Squeezed } from "./short-runs.ts";

export interface RunTrial extends Trial {
  /** Weights, optimizer state, seed and step count as they were. */
  readonly restore: () => void;
}

export function trialOf({ spec, data, plan, step }: BuiltRun): RunTrial {
  const before = step.state.map((t) => t.values.slice());
  const count = step.count;
  const { features, target } = data;
  let [batches, k] = [plan, 0];
  return {
    restart: (seed) => {
      step.redraw(seed);
      k = 0;
      // whole batches only: the program of an epoch's short last batch is another one
      batches = batchPlan({
        n: rowCount(features),
        batchSize: plan.batchSize,
        shuffle: spec.shuffle,
        dropLast: true,
        seed,
      });
    },
    step: (lr, momentum) => {
      batches.fill(k, features, target, step.inputs["x"]!, step.inputs["y"] ?? null);
      k++;
      return step.run(k, lr, momentum).loss;
    },
    restore: () => {
      step.redraw(spec.seed);
      step.state.forEach((t, i) => t.values.set(before[i]!));
      step.count = count;
    },
  };
}

export interface SchedulePeak {
  readonly squeezed: Squeezed;
  /** Momentum where the rate is highest. */
  readonly momentum: number | undefined;
  /** Highest rate of the schedule for a base rate of 1; null where the schedule sets rates of its own. */
  readonly factor: number | null;
}

/** Steps of a long schedule that are looked at. */
const MOST_LOOKS = 20_000;

export function schedulePeak({ spec, rate, lr, totalSteps, plan }: BuiltRun): SchedulePeak {
  if (rate.followsMetric)
    return { squeezed: () => ({ factor: 1, momentum: undefined }), momentum: undefined, factor: 1 };
  const stride = Math.max(1, Math.ceil(totalSteps / MOST_LOOKS));
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
  return {
    squeezed: (share) => {
      const at = Math.min(totalSteps - 1, Math.floor(share * totalSteps));
      return { factor: rate.lrAt(at) / peak, momentum: rate.momentumAt(at) };
    },
    momentum: rate.momentumAt(k),
    factor: proportional ? peak / lr : null,
  };
}
