/** What a schedule is: a rate by step, or a rate that follows a metric; and how a run file writes one. */

/**
 * The learning rate as a function of the step: pure, on the host, no engine.
 * `step` counts from 0: the value at k is in force at the (k+1)-th optimizer step, which is after k calls of
 * PyTorch's `scheduler.step()` and optax's value at count k. It may be fractional (epoch + batch / batches).
 */
export interface Schedule {
  (step: number): number;
  /**
   * Momentum (Adam: β₁) at the step, for schedules that cycle it.
   * undefined at a step: the optimizer keeps its own.
   */
  readonly momentumAt?: (step: number) => number | undefined;
}

/** What a metric schedule keeps between observations; JSON-safe, so that it goes into a checkpoint as it is. */
export type MetricState = Readonly<Record<string, number | null>>;

/** A schedule that reacts to a measured metric instead of the step count: the one stateful kind. */
export interface MetricSchedule {
  /** Takes a validation metric; PyTorch's `scheduler.step(metric)`. */
  readonly observe: (metric: number) => void;
  /** The learning rate now in force. */
  readonly value: () => number;
  readonly state: () => MetricState;
  /** Continues from what `state()` gave. Throws SteepestError when the record is not of this schedule. */
  readonly restore: (state: MetricState) => void;
}

/**
 * Whether a schedule answers to a measured metric, as `reduce-on-plateau` does, or is a function of the step
 * alone.
 */
export function isMetricSchedule(schedule: Schedule | MetricSchedule): schedule is MetricSchedule {
  return typeof schedule !== "function";
}

/** Lengths that only the run knows; options that name one as their `filledFrom` take it when they are not given. */
export interface RunLengths {
  /** Optimizer steps of the whole run. */
  readonly totalSteps?: number;
  readonly stepsPerEpoch?: number;
}

/** A schedule as data, as a run file has it: a name or an alias, and its options. `lr` replaces the optimizer's. */
export interface ScheduleSpec {
  readonly name: string;
  readonly lr?: number;
  readonly [option: string]: unknown;
}
