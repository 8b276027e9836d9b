/** What the search for a learning rate found, as `steepest find-lr --json` prints it. */

export type Refusal =
  | "not-finite"
  | "flat"
  | "diverged-at-once"
  | "never-diverged"
  | "several-valleys"
  | "seeds-disagree";

export type Confidence = "high" | "moderate" | "low";

/** One way of asking whether the suggestion can be right. */
export interface Check {
  readonly id: "sweep-rise" | "tenth-of-minimum" | "seeds" | "curvature";
  readonly ok: boolean;
  readonly text: string;
}

export interface SweepPoint {
  readonly lr: number;
  /** Mean over the seeds that got so far; null where it is no number. */
  readonly loss: number | null;
  /** The same of the averages, lag undone; null where they end. */
  readonly smoothed: number | null;
}

export interface SweepSummary {
  readonly lrMin: number | null;
  /** The last rate before the averaged loss rises for good. */
  readonly lrRise: number | null;
  /** From here on half of what had been gained is lost, or the loss is no number. */
  readonly lrDiverged: number | null;
}

export interface SeedResult extends SweepSummary {
  readonly seed: number;
  /** What this seed alone would suggest; null where it says nothing. */
  readonly suggestion: number | null;
  /** Raw losses at the rates of `curve`; null for one that is no number. */
  readonly losses: readonly (number | null)[];
}

/** The run in miniature at one rate. */
export interface ShortRunResult {
  readonly lr: number;
  /** Mean loss of the last third, for each seed that was used; null where it became no number. */
  readonly losses: readonly (number | null)[];
}

/** Between these the short runs' loss is within a tenth of the gain of its least. */
export interface Stretch {
  readonly low: number;
  readonly high: number;
}

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

export interface RuleResult {
  /** Geometric mean over the seeds; null where the rule chose nothing. */
  readonly lr: number | null;
  readonly spread: readonly [number, number] | null;
}

export interface FindLrResult extends SweepSummary {
  readonly schema: "steepest.find-lr/1";
  /** What to write at optimizer.lr; null when refused. */
  readonly suggestion: number | null;
  /** Why this rate, or why none. */
  readonly reason: string;
  readonly refusal: Refusal | null;
  readonly confidence: Confidence | null;
  readonly checks: readonly Check[];
  /** Lowest and highest suggestion of a single seed. */
  readonly spread: readonly [number, number] | null;
  readonly stretch: Stretch | null;
  /** Largest rate the curvature allows; null where it was not or can't be asked. */
  readonly curvatureLimit: number | null;
  readonly curvature: CurvatureCheck | null;
  /** Why there is no such limit. */
  readonly curvatureNote: string | null;
  /** Highest rate of the schedule over optimizer.lr, by which suggestion and measured rates differ; null: it sets its own. */
  readonly scheduleFactor: number | null;
  readonly curve: readonly SweepPoint[];
  readonly shortRuns: { readonly steps: number; readonly runs: readonly ShortRunResult[] };
  readonly rules: Readonly<Record<string, RuleResult>>;
  readonly seeds: readonly SeedResult[];
  /** Optimizer steps that the search made. */
  readonly steps: number;
}
