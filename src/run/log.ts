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

/** One column of a log over its steps. */
export interface Series {
  /** The name in the source, verbatim: a tag, a column, a JSON key. */
  readonly name: string;
  readonly role: Role;
  /** Step of each value, non-decreasing within a run. The unit is the source's (`stepUnit`). */
  readonly steps: Float64Array;
  /** Values as logged: NaN and ±Infinity are kept, they are evidence. */
  readonly values: Float64Array;
}

/** Id of the format as its reader declares it: "csv", "text", "tfevents" … (the rows of `src/logs/detect.ts`). */
export type LogFormat = string;

/**
 * What the log's curve is. Only "loss" and "perplexity" (whose log is a loss) fall by supervised descent, so that
 * their course says something about the learning rate.
 * "part": terms of a sum whose weights the log does not show. "score": an objective that is to be raised.
 * "unclear": a loss whose run shows what no single training prints; the note `doubtful-reading` says what.
 */
export type Objective =
  | "loss"
  | "perplexity"
  | "part"
  | "score"
  | "reinforcement"
  | "adversarial"
  | "boosting"
  | "accuracy-only"
  | "validation-only"
  | "unclear"
  | "none";

/** How one column of numbers was understood, with what would have been the next best reading. */
export interface ReadColumn {
  /** The name in the source, or its place ("3rd number") when it has none. */
  readonly name: string;
  readonly role: Role | "step" | "total" | "clock" | "throughput" | "percentage" | "constant";
  /** The evidence, in words: "named 'loss'; falls with noise". */
  readonly why: string;
  /** Another reading that was near, with its role; null when nothing was. */
  readonly runnerUp: string | null;
}

/** How a log was read: which column was taken for what, and what was decided on the way. */
export interface Reading {
  readonly columns: readonly ReadColumn[];
  /** Decisions about the whole log, one sentence each; a doubt names the option that decides. */
  readonly notes: readonly string[];
}

/** Something the reader noticed and the person should know: a cut file, duplicate steps, a guessed column. */
export interface LogNote {
  readonly id: string;
  readonly text: string;
}

/** A run as observed: its series, whatever trained it and whatever wrote them down. */
export interface RunLog {
  /** Path as given, or "-" for standard input. */
  readonly source: string;
  readonly format: LogFormat;
  /** The run's name within its source when the source holds several, else null. */
  readonly run: string | null;
  readonly stepUnit: "step" | "epoch" | "row";
  readonly series: readonly Series[];
  readonly notes: readonly LogNote[];
  /** Absent in a log made by hand: a supervised loss. */
  readonly objective?: Objective;
  /** How the source was read, where there was something to decide. */
  readonly reading?: Reading;
  /** Facts beside the curves: batch size, max steps, loss smoothing window, hyper-parameters found next to the log. */
  readonly meta: Readonly<Record<string, string | number | boolean | null>>;
}

/** The first series with this role: readers put the preferred one first. */
export function seriesOf(log: RunLog, role: Role): Series | null {
  return log.series.find((s) => s.role === role) ?? null;
}

/** What a training is judged by: its loss, or the validation of a log that holds no other. */
export const judgedSeries = (log: RunLog): Series | null =>
  seriesOf(log, log.objective === "validation-only" ? "validation" : "loss");
