/** A schedule's rates, step by step. */
import { findSchedule, learningRate, makeSchedule, type ScheduleRow } from "../../optim/schedules/index.ts";
import { SteepestError } from "../../run/errors.ts";

export interface ScheduleQuestion {
  /** Base learning rate. */
  readonly lr: number;
  readonly steps: number;
  /** For schedules that count epochs. */
  readonly stepsPerEpoch?: number | undefined;
  /** Of the schedule, by their names. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface ScheduleValues {
  readonly entry: ScheduleRow;
  readonly lrs: readonly number[];
  /** Null where the schedule leaves the momentum alone. */
  readonly momenta: readonly (number | null)[] | null;
}

/** @throws SteepestError for an unknown schedule or option, and for a schedule that follows a metric. */
export function scheduleValues(
  name: string,
  { lr, steps, stepsPerEpoch, options }: ScheduleQuestion,
): ScheduleValues {
  const { entry } = findSchedule(name);
  const rate = learningRate(
    makeSchedule(name, lr, options, { totalSteps: steps, ...(stepsPerEpoch && { stepsPerEpoch }) }),
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
  };
}

/** Steps to show of so many: every `every`-th and the last. */
export const shownSteps = (steps: number, every: number): number[] =>
  Array.from({ length: steps }, (_, k) => k).filter((k) => k % every === 0 || k === steps - 1);
