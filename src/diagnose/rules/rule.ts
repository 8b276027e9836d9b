import type { Context } from "../context.ts";
import type { Evidence, Finding, Severity } from "../types.ts";

export interface Found {
  readonly steps: readonly [number, number];
  readonly evidence: Evidence;
  /** Overrides the rule's own severity. */
  readonly severity?: Severity;
  readonly advice: string;
  readonly alternatives?: readonly string[];
  readonly decide: string;
}

export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  /** What it looks for, in one line; the documentation's table is made of these. */
  readonly about: string;
  /** A fault that is not the learning rate's: a run that has it gets no verdict on the rate unless it is good. */
  readonly notTheRate?: boolean;
  detect(context: Context): readonly Found[];
}

export function toFinding(rule: Rule, found: Found): Finding {
  return {
    id: rule.id,
    severity: found.severity ?? rule.severity,
    steps: found.steps,
    evidence: found.evidence,
    advice: found.advice,
    alternatives: found.alternatives ?? [],
    decide: found.decide,
  };
}
