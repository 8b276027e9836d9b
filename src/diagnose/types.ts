/** The `steepest.diagnosis/1` document. */
import type { LogFormat } from "../run/log.ts";

export type Severity = "info" | "warning" | "critical";
export type RateVerdict = "too-high" | "slightly-high" | "good" | "too-low";
export type VerdictName = RateVerdict | "inconclusive";
export type Evidence = Readonly<Record<string, number | string | boolean | null | readonly number[]>>;

/**
 * What a finding's advice means for the learning rate. `lower` speaks against keeping and raising it, `not-higher`
 * against raising it, `raise` against lowering it, `neither` against nothing.
 */
export type Direction = "lower" | "not-higher" | "raise" | "neither";

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

export interface Action {
  /** Factor for the learning rate; null when the log gives no reason to change it, and while it is undecided. */
  readonly lr: { readonly multiply: number } | null;
  readonly text: string;
}

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
}

export interface Diagnosis {
  readonly schema: "steepest.diagnosis/1";
  readonly runs: readonly RunDiagnosis[];
}
