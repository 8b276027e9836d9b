import type { OptionSpec, Options } from "./options.ts";

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

export type Library =
  | "pytorch"
  | "hugging-face"
  | "optax"
  | "keras"
  | "fastai"
  | "torch-lr-finder"
  | "lightning";

/** The name of a schedule in another library; makeSchedule takes it in place of ours. */
export interface Alias {
  readonly name: string;
  readonly library: Library;
  /** Their option → ours ("lr" for the one that is the learning rate itself). Our own names work as well. */
  readonly options?: Readonly<Record<string, string>>;
  /** Their defaults, where they differ from ours. */
  readonly preset?: Options;
  /** Last word on the options, in our names, where renaming is not enough. */
  readonly adapt?: (options: Options) => Options;
}

/** What `make` needs beside the options. */
export interface MakeContext {
  /** The place of this schedule in the run file, for messages: "schedule", "schedule.schedules[1]". */
  readonly at: string;
  readonly run: RunLengths;
  /** Makes a member of a combinator, with the same checks and with the lengths of its own part of the run. */
  readonly build: (spec: ScheduleSpec, lr: number, at: string, run: RunLengths) => Schedule | MetricSchedule;
}

/** One row of the table: everything the documentation, the command line, the lab and the hand-off need to know. */
export interface ScheduleEntry {
  /** kebab-case. */
  readonly name: string;
  /** One line: what the rate does. */
  readonly description: string;
  /** The value at step k in words and symbols; lr is the optimizer's learning rate. */
  readonly formula: string;
  /** Paper, or the source that defines it. */
  readonly reference: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly aliases: readonly Alias[];
  /** Options under which it can be tried on a run of 100 steps; given to documentation, command line and tests. */
  readonly example: Options;
  /** `options` are already checked and complete. */
  readonly make: (lr: number, options: Options, context: MakeContext) => Schedule | MetricSchedule;
}
