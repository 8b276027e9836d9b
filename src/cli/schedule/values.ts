/** A schedule's rates, step by step. */
import { batchSizesOf, lrFactor } from "../../data/index.ts";
import {
  findSchedule,
  learningRate,
  makeSchedule,
  type ScheduleRow,
  scaledRate,
} from "../../optim/schedules/index.ts";
import { SteepestError } from "../../run/errors.ts";
import type { BatchSizes } from "../../run/spec.ts";

export interface ScheduleQuestion {
  /** Base learning rate. */
  readonly lr: number;
  readonly steps: number;
  /** For schedules that count epochs. */
  readonly stepsPerEpoch?: number | undefined;
  /** Of the schedule, by their names. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Batches that grow, over data without end. */
  readonly batchSizes?: BatchSizes | undefined;
}

export interface ScheduleValues {
  readonly entry: ScheduleRow;
  readonly lrs: readonly number[];
  /** Null where the schedule leaves the momentum alone. */
  readonly momenta: readonly (number | null)[] | null;
  /** Rows of each step's batch; null where the question has none. */
  readonly batchSizes: readonly number[] | null;
}

/** @throws SteepestError for an unknown schedule or option, and for a schedule that follows a metric. */
export function scheduleValues(
  name: string,
  { lr, steps, stepsPerEpoch, options, batchSizes }: ScheduleQuestion,
): ScheduleValues {
  const { entry } = findSchedule(name);
  const sizes = batchSizes === undefined ? null : batchSizesOf(batchSizes, steps).map((s) => s.batchSize);
  const rate = scaledRate(
    learningRate(
      makeSchedule(name, lr, options, { totalSteps: steps, ...(stepsPerEpoch && { stepsPerEpoch }) }),
    ),
    (k) => (sizes === null ? 1 : lrFactor(sizes[k]!, batchSizes!)),
  );
  if (rate.followsMetric) {
    throw new SteepestError(
      "usage",
      `${name} follows a validation metric, not the step: it has no values to print`,
      { help: "use it in a run file; training feeds it the validation loss" },
    );
  }
  return {
    entry,
    lrs: Array.from({ length: steps }, (_, k) => rate.lrAt(k)),
    momenta: rate.setsMomentum ? Array.from({ length: steps }, (_, k) => rate.momentumAt(k) ?? null) : null,
    batchSizes: sizes,
  };
}

/** Steps to show of so many: every `every`-th and the last. */
export const shownSteps = (steps: number, every: number): number[] =>
  Array.from({ length: steps }, (_, k) => k).filter((k) => k % every === 0 || k === steps - 1);
