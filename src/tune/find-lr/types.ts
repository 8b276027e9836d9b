/** What the search for a learning rate found, as `steepest find-lr --json` prints it. */
import type { Purpose } from "./run-trials.ts";

/** Why no rate is suggested. */
export type Refusal =
  /** The loss is no number before the first step. */
  | "not-finite"
  /** Every training died. */
  | "diverged-at-once"
  /** No training got below what a constant answer scores. */
  | "flat";

/** How far the suggestion is to be trusted. */
export type Confidence = "high" | "moderate" | "low";

/** One way of asking whether the suggestion can be right. */
export interface Check {
  readonly id: "length" | "seeds" | "enclosed" | "constant" | "overfitting" | "curvature";
  readonly ok: boolean;
  readonly text: string;
}

/** A point of the range test. */
export interface SweepPoint {
  readonly lr: number;
  /** Null where it is no number. */
  readonly loss: number | null;
  /** Of the averages, lag undone; null where they end. */
  readonly smoothed: number | null;
}

export interface SweepSummary {
  readonly lrMin: number | null;
  /** The last rate before the averaged loss rises for good. */
  readonly lrRise: number | null;
  /** From here on half of what had been gained is lost, or the loss is no number. */
  readonly lrDiverged: number | null;
}

/** All trainings at one rate. */
export interface TrialResult {
  readonly lr: number;
  /** Steps of the longest. */
  readonly steps: number;
  readonly died: boolean;
  /** After `shortRuns.steps`, of the first seed; null for a rate that was dropped before, or died. */
  readonly training: number | null;
  readonly validation: number | null;
}

/** Losses after so many steps of the run, at the rates that got so far. */
export interface ShortRunResult {
  readonly lr: number;
  /** For each seed, by the chosen purpose; null where the training died. */
  readonly losses: readonly (number | null)[];
}

/** Rates from one to the other. */
export interface RateRange {
  readonly low: number;
  readonly high: number;
}

/** The largest rate that curvature allows, as far as it was measured. */
export interface CurvatureCheck {
  /** Largest eigenvalue of the Hessian at the initial weights; null where the optimizer divides by a preconditioner. */
  readonly atStart: number | null;
  /** After a short run at the suggestion, of the preconditioned Hessian where there is one: the limit is taken here. */
  readonly afterWarmUp: number;
  /** The optimizer's rule in words. */
  readonly rule: string;
  /** Training rows it is the mean of. */
  readonly rows: number;
}

/** The rate that another tool's rule would choose, and its spread over seeds. */
export interface RuleResult {
  /** Null where the rule chose nothing. */
  readonly lr: number | null;
  readonly spread: readonly [number, number] | null;
}

/** The `steepest.find-lr/1` document: the rate, how sure it is and what was tried, or why there is none. */
export interface FindLrResult extends SweepSummary {
  readonly schema: "steepest.find-lr/1";
  /** What to write at optimizer.lr; null when refused. */
  readonly suggestion: number | null;
  /** Why this rate, or why none. */
  readonly reason: string;
  readonly refusal: Refusal | null;
  readonly confidence: Confidence | null;
  readonly checks: readonly Check[];
  /** What is made small. */
  readonly for: Purpose;
  /** The rates that were best by each loss, after `shortRuns.steps`; null where none was, or no rows are held out. */
  readonly best: { readonly training: number | null; readonly validation: number | null };
  /** Where the best rate of the whole run is expected in nine cases of ten. */
  readonly spread: readonly [number, number] | null;
  /** Rates that can't be told from the suggestion. */
  readonly plateau: RateRange | null;
  /** Lowest rate that died; null where none did. */
  readonly edge: number | null;
  /** Two seeds of the suggestion disagree by more than a tenth of what it gains; null where one seed was run. */
  readonly fragile: boolean | null;
  /** Trainings of the run that might be paid, and that were. */
  readonly budget: number;
  readonly cost: number;
  readonly trials: readonly TrialResult[];
  /** Loss without training, on the same rows; null where it is no number. */
  readonly reference: number | null;
  /** What the best constant answer scores; null where that has no closed form. */
  readonly constant: number | null;
  /** Largest rate the curvature allows; null where it was not or can't be asked. */
  readonly curvatureLimit: number | null;
  readonly curvature: CurvatureCheck | null;
  /** Why there is no such limit. */
  readonly curvatureNote: string | null;
  /** Highest rate of the schedule over optimizer.lr; null: the schedule sets rates of its own, the suggestion is its highest. */
  readonly scheduleFactor: number | null;
  readonly shortRuns: { readonly steps: number; readonly runs: readonly ShortRunResult[] };
  /** The range test, which is a picture and decides nothing; empty where none was made. */
  readonly curve: readonly SweepPoint[];
  /** What other tools would read from it. */
  readonly rules: Readonly<Record<string, RuleResult>>;
  readonly seeds: readonly {
    readonly seed: number;
    /** Raw losses at the rates of `curve`; null for one that is no number. */
    readonly losses: readonly (number | null)[];
  }[];
  /** Optimizer steps that the search made, those of the range test included. */
  readonly steps: number;
}
