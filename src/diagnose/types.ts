/** The `steepest.diagnosis/1` document. */
import type { LogFormat, Reading } from "../run/log.ts";

/** How grave a finding is: `critical` spoils the run, `warning` costs something, `info` is good to know. */
export type Severity = "info" | "warning" | "critical";
/** What can be said of a learning rate. */
export type RateVerdict = "too-high" | "slightly-high" | "good" | "too-low";
/** A verdict in one word; `inconclusive` where there is no single one. */
export type VerdictName = RateVerdict | "inconclusive";
/** The numbers that a finding rests on, by name. */
export type Evidence = Readonly<Record<string, number | string | boolean | null | readonly number[]>>;

/**
 * What a finding's advice means for the learning rate. `lower` speaks against keeping and raising it, `not-higher`
 * against raising it, `raise` against lowering it, `neither` against nothing.
 */
export type Direction = "lower" | "not-higher" | "raise" | "neither";

/** Something that happened in a run: where, what shows it, what to do, and what else it could be. */
export interface Finding {
  readonly id: string;
  readonly severity: Severity;
  readonly direction: Direction;
  /** First and last step concerned. */
  readonly steps: readonly [number, number];
  readonly evidence: Evidence;
  readonly advice: string;
  /** What else could look like this. */
  readonly alternatives: readonly string[];
  /** What further log would decide between them. */
  readonly decide: string;
}

/** What to do next. */
export interface Action {
  /** Factor for the learning rate; null when the log gives no reason to change it, and while it is undecided. */
  readonly lr: { readonly multiply: number } | null;
  readonly text: string;
}

/** What the log says of the learning rate, and how sure that is. */
export interface Verdict {
  /** One word, `inconclusive` while there is no single answer. */
  readonly verdict: VerdictName;
  /** What is left: one verdict, several while a run would have to decide, none when nothing can be said. */
  readonly verdicts: readonly RateVerdict[];
  /** Probability that the right one is among `verdicts`; 0 when there are none. */
  readonly confidence: number;
  readonly action: Action;
  /** In one sentence, why. */
  readonly reason: string;
  /** The model's probabilities; null when the verdict came from a rule or there was too little to see. */
  readonly probabilities: Readonly<Record<RateVerdict, number>> | null;
}

/** Which rules looked at a run, by their ids, and which could not. */
export interface Checks {
  readonly ran: readonly string[];
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
}

/** One measure in which a run differs from a good one by more than noise. */
export interface Difference {
  readonly what: "first-loss" | "first-slope" | "floor" | "noise" | "gradient-norm" | "peak-rate";
  /**
   * Losses as logged; `first-slope` is the share of the first loss that was gained in the first tenth of the common steps,
   * `noise` the scatter of the later half as a share of its level.
   */
  readonly run: number;
  readonly baseline: number;
  /** What may be behind it. */
  readonly meaning: string;
}

/** A run beside one that is known to be good. */
export interface BaselineComparison {
  /** The good run's name. */
  readonly baseline: string;
  /** First and last step that both logs have. */
  readonly steps: readonly [number, number];
  /** First step from which the losses stay apart by more than their noise; null when they never do. */
  readonly partsAt: number | null;
  readonly differences: readonly Difference[];
}

/** The diagnosis of one run. */
export interface RunDiagnosis extends Verdict {
  readonly source: string;
  readonly format: LogFormat;
  readonly run: string | null;
  readonly series: {
    readonly loss: string | null;
    readonly lr: string | null;
    readonly gradNorm: string | null;
    readonly validation: string | null;
  };
  readonly points: number;
  readonly steps: readonly [number, number] | null;
  readonly findings: readonly Finding[];
  /** How the source was read: each column's role, why, and what was near; null where there was nothing to decide. */
  readonly reading: Reading | null;
  readonly checks: Checks;
  /** With a baseline: where the run leaves it, or the reason why they cannot be compared. */
  readonly baseline?: BaselineComparison | string;
}

/** The `steepest.diagnosis/1` document, one entry a run. */
export interface Diagnosis {
  readonly schema: "steepest.diagnosis/1";
  readonly runs: readonly RunDiagnosis[];
}
