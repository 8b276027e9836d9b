/** One interface for every schedule, whether it follows the step or a metric: what a training loop asks of it. */
import { SteepestError } from "../../run/errors.ts";
import { type MakeScheduleOptions, scheduleFromSpec } from "./make.ts";
import {
  isMetricSchedule,
  type MetricSchedule,
  type MetricState,
  type Schedule,
  type ScheduleSpec,
} from "./types.ts";

/** A schedule at work in a run: one interface for those of the step alone and those that follow a metric. */
export interface LearningRate {
  /** Learning rate of step k, counted from 0. A rate that follows a metric gives the one now in force. */
  readonly lrAt: (k: number) => number;
  /** Momentum (Adam: β₁) of step k; undefined: the optimizer keeps its own. */
  readonly momentumAt: (k: number) => number | undefined;
  /** Whether there are steps at which the schedule sets the momentum. */
  readonly setsMomentum: boolean;
  /** Whether the rate answers to what is observed; false: it is a function of the step alone. */
  readonly followsMetric: boolean;
  /** Takes a measured metric. Does nothing for a rate of the step alone. */
  readonly observe: (metric: number) => void;
  /** What `restore` needs, JSON-safe; null for a rate of the step alone. */
  readonly state: () => MetricState | null;
  /** Continues from what `state()` gave. Throws `schedule-state` when the record is of another schedule. */
  readonly restore: (state: MetricState | null) => void;
}

/** Puts a schedule to work. One of the step alone keeps no state. */
export function learningRate(schedule: Schedule | MetricSchedule): LearningRate {
  if (isMetricSchedule(schedule)) {
    const { value, observe, state, restore } = schedule;
    return {
      lrAt: value,
      momentumAt: () => undefined,
      setsMomentum: false,
      followsMetric: true,
      observe,
      state,
      restore: (saved) => {
        if (saved !== null) restore(saved);
      },
    };
  }
  return {
    lrAt: schedule,
    momentumAt: schedule.momentumAt ?? (() => undefined),
    setsMomentum: schedule.momentumAt !== undefined,
    followsMetric: false,
    observe: () => {},
    state: () => null,
    restore: () => {},
  };
}

/** The rate with a momentum of its own. Throws `option` where the rate's schedule moves the momentum too. */
export function withMomentum(rate: LearningRate, momentum: Schedule): LearningRate {
  if (!rate.setsMomentum) return { ...rate, momentumAt: momentum, setsMomentum: true };
  throw new SteepestError("option", "two schedules move the momentum", {
    where: "at schedules.momentum",
    help: "leave it out, or give the rate's schedule cycleMomentum false",
  });
}

/** The rate times a factor of each step, counted from 0. */
export const scaledRate = (rate: LearningRate, factor: (k: number) => number): LearningRate => ({
  ...rate,
  lrAt: (k) => rate.lrAt(k) * factor(k),
});

/** The rate of a schedule that is given as data. Throws what `makeSchedule` throws. */
export const learningRateFromSpec = (
  spec: ScheduleSpec,
  lr: number,
  run: MakeScheduleOptions = {},
): LearningRate => learningRate(scheduleFromSpec(spec, lr, run));
