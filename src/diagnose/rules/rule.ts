import { type Objective, seriesOf } from "../../run/log.ts";
import type { Row } from "../../run/table.ts";
import type { Context } from "../context.ts";
import type { Direction, Evidence, Finding, Severity } from "../types.ts";

/**
 * What a rule can't do without: finite losses, the run's first points (a look back at a long run has none), a curve that
 * supervised descent makes fall, or series of the log.
 */
export type Need =
  | "finite"
  | "start"
  | "descent"
  | "lr"
  | "gradNorm"
  | "validation"
  | "lossScale"
  | "curvature";

/** Why a rule that has a need could not run, to be read after its name. */
const LACKS: Readonly<Record<Need, string>> = {
  finite: "the log has no finite loss",
  start: "the first points of the run are not in sight",
  descent: "the curve is not one that descent lowers",
  lr: "the log has no learning rate",
  gradNorm: "the log has no gradient norm",
  validation: "the log has no validation loss",
  lossScale: "the log has no loss scale",
  curvature: "the log has no curvature",
};

/** Curves that may rise, rest and swing in a healthy run. */
const NO_DESCENT: readonly Objective[] = ["part", "score", "reinforcement", "adversarial", "accuracy-only"];

/** What an alert tells of. Of several findings about one event in one place, the first rule of the table tells it. */
export type AlertEvent = "value" | "iterations" | "level" | "gradient" | "scale";

export interface Found {
  readonly steps: readonly [number, number];
  readonly evidence: Evidence;
  /** Overrides the rule's own severity. */
  readonly severity?: Severity;
  /** Overrides the rule's own direction. */
  readonly direction?: Direction;
  readonly advice: string;
  readonly alternatives?: readonly string[];
  readonly decide: string;
}

/** One rule of the doctor: what it looks for, how its findings behave beside others, and how it finds them. */
export interface Rule extends Row {
  /** The `id` of its findings. */
  readonly name: string;
  readonly severity: Severity;
  /** What it looks for; the documentation's table is made of these. */
  readonly about: string;
  readonly needs: readonly Need[];
  /** The event it tells of while a run is watched; null when it can wait for the end. */
  readonly alerts: AlertEvent | null;
  /** Rules whose findings this one tells as well: a report leaves them out unless one is graver. */
  readonly absorbs: readonly string[];
  /**
   * A fault that is not the learning rate's: a run that has it gets no verdict on the rate unless it is good, or not even
   * then, where the rate was not at work.
   */
  readonly notTheRate: boolean | "even-good";
  /** What its advice means for the learning rate; a verdict that says the opposite is taken back (`reconcile`). */
  readonly direction: Direction;
  detect(context: Context): readonly Found[];
}

/** `whole`: the run's first points are in sight. */
export interface Sight {
  readonly whole?: boolean;
}

/** What the rule lacks in this run, in words; null when it can run. */
export function lacks(
  rule: Rule,
  { loss, lr, gradNorm, run }: Context,
  { whole = true }: Sight = {},
): string | null {
  const has: Readonly<Record<Need, boolean>> = {
    finite: loss.length > 0,
    start: whole,
    descent: !NO_DESCENT.includes(run.log.objective ?? "loss"),
    lr: lr !== null,
    gradNorm: gradNorm !== null,
    validation: run.validation !== null,
    lossScale: seriesOf(run.log, "lossScale") !== null,
    curvature: run.log.series.some((s) => s.name === "sharpness"),
  };
  const need = rule.needs.find((n) => !has[n]);
  return need === undefined ? null : LACKS[need];
}

/** The findings of a rule; none when the run lacks what the rule needs. */
export function findingsOf(rule: Rule, context: Context, sight: Sight = {}): Finding[] {
  if (lacks(rule, context, sight) !== null) return [];
  return rule.detect(context).map((found) => ({
    id: rule.name,
    severity: found.severity ?? rule.severity,
    direction: found.direction ?? rule.direction,
    steps: found.steps,
    evidence: found.evidence,
    advice: found.advice,
    alternatives: found.alternatives ?? [],
    decide: found.decide,
  }));
}
