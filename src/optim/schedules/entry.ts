/** What a row of the table of schedules holds. */
import type { Row, Source } from "../../run/table.ts";
import type { OptionSpec, Options } from "./options.ts";
import type { MetricSchedule, RunLengths, Schedule, ScheduleSpec } from "./types.ts";

/** Libraries whose names, option names and defaults a schedule also answers to. */
export type Library =
  | "pytorch"
  | "hugging-face"
  | "optax"
  | "keras"
  | "fastai"
  | "torch-lr-finder"
  | "lightning"
  | "timm"
  | "pytorch-optimizer"
  | "olmo-core"
  | "dolomite-engine"
  | "modded-nanogpt";

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
export interface ScheduleRow extends Row {
  /** The value at step k in words and symbols; lr is the optimizer's learning rate. */
  readonly formula: string;
  /** Paper, or the source that defines it. */
  readonly source: Source;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly elsewhere: readonly Alias[];
  /** Options under which it can be tried on a run of 100 steps; given to documentation, command line and tests. */
  readonly example: Options;
  /** `options` are already checked and complete. */
  readonly make: (lr: number, options: Options, context: MakeContext) => Schedule | MetricSchedule;
}
