/**
 * RunLog: a run as observed. Training writes one, log readers write one; diagnosis, plots and reports read one.
 * A log is a set of series; each has its own steps, because real logs are sparse (validation once an epoch,
 * lr only sometimes) and a missing value is not a zero.
 */

/** What a series means. `other` series are kept: a reader drops nothing it could parse. */
export type Role =
  | "loss"
  | "lr"
  | "gradNorm"
  | "validation"
  | "accuracy"
  | "validationAccuracy"
  | "epoch"
  | "lossScale"
  | "clippedShare"
  | "skipped"
  | "nanCount"
  | "other";

export interface Series {
  /** The name in the source, verbatim: a tag, a column, a JSON key. */
  readonly name: string;
  readonly role: Role;
  /** Step of each value, non-decreasing within a run. The unit is the source's (`stepUnit`). */
  readonly steps: Float64Array;
  /** Values as logged: NaN and ±Infinity are kept, they are evidence. */
  readonly values: Float64Array;
}

export type LogFormat =
  | "tfevents"
  | "hf-trainer"
  | "lightning-csv"
  | "keras-csv"
  | "csv"
  | "jsonl"
  | "wandb"
  | "wandb-csv"
  | "mlflow"
  | "text"
  | "steepest";

/** Something the reader noticed and the person should know: a cut file, duplicate steps, a guessed column. */
export interface LogNote {
  readonly id: string;
  readonly text: string;
}

export interface RunLog {
  /** Path as given, or "-" for standard input. */
  readonly source: string;
  readonly format: LogFormat;
  /** The run's name within its source when the source holds several, else null. */
  readonly run: string | null;
  readonly stepUnit: "step" | "epoch" | "row";
  readonly series: readonly Series[];
  readonly notes: readonly LogNote[];
  /** Facts beside the curves: batch size, max steps, loss smoothing window, hyper-parameters found next to the log. */
  readonly meta: Readonly<Record<string, string | number | boolean | null>>;
}

/** The first series with this role: readers put the preferred one first. */
export function seriesOf(log: RunLog, role: Role): Series | null {
  return log.series.find((s) => s.role === role) ?? null;
}
