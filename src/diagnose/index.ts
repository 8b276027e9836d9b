/** RunLog → diagnosis: what is wrong with a run, why, and what to do. Imports no engine and no file system. */
import type { RunLog } from "../run/log.ts";
import { compareWithBaseline } from "./baseline.ts";
import { measuredBranches } from "./branches.ts";
import { compareRuns } from "./compare.ts";
import { type Context, makeContext } from "./context.ts";
import { gatherRun, hiddenNans } from "./gather.ts";
import { outrank, reconcile } from "./reconcile.ts";
import { rules } from "./rules/index.ts";
import { findingsOf, lacks } from "./rules/rule.ts";
import type { Checks, Diagnosis, Finding, RunDiagnosis, Verdict } from "./types.ts";
import { decide, decideByBranches, unsuitable, unsure } from "./verdict.ts";

export type { LogFormat, RunLog, Series } from "../run/log.ts";
export { type AlertEvent, type Need, type Rule, rules } from "./rules/index.ts";
export type {
  Action,
  BaselineComparison,
  Checks,
  Diagnosis,
  Difference,
  Direction,
  Evidence,
  Finding,
  RateVerdict,
  RunDiagnosis,
  Severity,
  Verdict,
  VerdictName,
} from "./types.ts";
export { createWatch, type Watch, type WatchOptions } from "./watch.ts";
export {
  confidenceWords,
  doseWords,
  evidenceFacts,
  type Group,
  groupFindings,
  type Headline,
  headlineOf,
  type Judged,
  nameOf,
  percentWords,
  placeWords,
  type Tone,
  verdictCell,
} from "./words.ts";

/** Options of `diagnose`. */
export interface DiagnoseOptions {
  /** Judge runs of one task at different rates against each other (default true). */
  readonly compare?: boolean;
  /** A run that is known to be good: each run says where it leaves this one. */
  readonly baseline?: RunLog;
}

/** The `steepest.diagnosis/1` document for these runs, in their order. Never throws on a log's content. */
export function diagnose(
  logs: readonly RunLog[],
  { compare = true, baseline }: DiagnoseOptions = {},
): Diagnosis {
  const alone = logs.map((log) => diagnoseRun(log));
  const judged = compare ? compareRuns(logs, alone) : alone;
  const runs = baseline
    ? judged.map((run, i) => ({ ...run, baseline: compareWithBaseline(logs[i]!, baseline) }))
    : judged;
  return { schema: "steepest.diagnosis/1", runs };
}

/** Options of `diagnoseRun`. */
export interface DiagnoseRunOptions {
  /** Other runs of the same task; the verdict then uses the comparison. */
  readonly siblings?: readonly RunLog[];
}

/**
 * What one log says of its run: a verdict on the learning rate, and findings. Never throws on a log's
 * content: without a loss there is no verdict, and the reason says so.
 */
export function diagnoseRun(log: RunLog, { siblings = [] }: DiagnoseRunOptions = {}): RunDiagnosis {
  if (siblings.length > 0) return diagnose([log, ...siblings]).runs[0]!;
  const base = { source: log.source, format: log.format, run: log.run, reading: log.reading ?? null };
  const run = gatherRun(log);
  if (!run) {
    const reason = "the log has no loss";
    return {
      ...base,
      ...unsure(unsuitable(log.objective) ?? "The log has no loss series."),
      series: { loss: null, lr: null, gradNorm: null, validation: null },
      points: 0,
      steps: null,
      findings: [],
      checks: { ran: [], skipped: rules.map(({ name }) => ({ id: name, reason })) },
    };
  }
  const context = makeContext(run, hiddenNans(run));
  const findings = rules.flatMap((rule) => findingsOf(rule, context));
  return {
    ...base,
    ...verdictOf(context, findings),
    series: run.names,
    points: run.loss.length,
    steps: [run.steps[0]!, run.steps[run.steps.length - 1]!],
    findings,
    checks: checksOf(context),
  };
}

function verdictOf(context: Context, findings: readonly Finding[]): Verdict {
  const curve = decide(context, findings);
  const branches = measuredBranches(context.run.log);
  const measured = branches && decideByBranches(context, curve, branches);
  return measured ? outrank(measured, findings, "the branches") : reconcile(curve, findings);
}

function checksOf(context: Context): Checks {
  const seen = rules.map((rule) => ({ id: rule.name, reason: lacks(rule, context) }));
  return {
    ran: seen.filter((s) => s.reason === null).map((s) => s.id),
    skipped: seen.flatMap(({ id, reason }) => (reason === null ? [] : [{ id, reason }])),
  };
}
