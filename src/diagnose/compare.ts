/** Several runs of one task at different rates: each is judged against the best of them. */
import type { RunLog } from "../run/log.ts";
import { gatherRun } from "./gather.ts";
import { madSigma, mean } from "./stats.ts";
import type { RunDiagnosis, VerdictName } from "./types.ts";

interface Trial {
  readonly lr: number;
  readonly first: number;
  readonly final: number;
  readonly error: number;
  readonly points: number;
  readonly lastStep: number;
  readonly key: string;
}

/** Peak rate and outcome of a run; null without a logged rate or with too few points. */
function trial(log: RunLog): Trial | null {
  const run = gatherRun(log);
  if (!run?.lr || run.loss.length < 20) return null;
  const lr = run.lr.reduce((a, b) => (b > a ? b : a), 0);
  if (!(lr > 0)) return null;
  const tail = run.loss.subarray(run.loss.length - Math.max(3, Math.floor(run.loss.length / 10)));
  const final = tail.every(Number.isFinite) ? mean(tail) : Number.POSITIVE_INFINITY;
  const key = JSON.stringify([log.format, run.names.loss, log.meta.optimizer ?? null, log.meta.model ?? null]);
  const error = madSigma(tail) / Math.sqrt(tail.length);
  return { lr, first: run.loss[0]!, final, error, points: run.loss.length, lastStep: run.steps[run.steps.length - 1]!, key };
}

/** The same task: the same series of the same kind of log, from (nearly) the same first loss, over the same steps. */
function sameTask(a: Trial, b: Trial): boolean {
  const near = (x: number, y: number, by: number): boolean => Math.abs(x - y) <= by * Math.max(Math.abs(x), Math.abs(y));
  const length = near(a.lastStep, b.lastStep, 0.1) || a.final === Number.POSITIVE_INFINITY || b.final === Number.POSITIVE_INFINITY;
  return a.key === b.key && near(a.first, b.first, 0.05) && length;
}

/** Verdicts changed where other runs of the same task decide them; the others as they were. */
export function compareRuns(logs: readonly RunLog[], runs: readonly RunDiagnosis[]): RunDiagnosis[] {
  const trials = logs.map(trial);
  return runs.map((run, i) => {
    const own = trials[i];
    if (!own) return run;
    const group = trials.filter((t): t is Trial => t !== null && (t === own || sameTask(own, t)));
    const rates = new Set(group.map((t) => t.lr));
    if (rates.size < 2) return run;
    const best = group.reduce((a, b) => (b.final < a.final ? b : a));
    if (best.final === Number.POSITIVE_INFINITY) return run;
    return judge(run, own, best, group);
  });
}

function judge(run: RunDiagnosis, own: Trial, best: Trial, group: readonly Trial[]): RunDiagnosis {
  const gap = own.final - best.final;
  // worse by more than the noise of the two ends, and by a share of the distance covered that matters
  const noise = 3 * Math.hypot(own.error, best.error);
  const matters = Math.max(noise, 0.005 * (best.first - best.final));
  const others = `${group.length} runs of this task from rate ${Math.min(...group.map((t) => t.lr))} to ${Math.max(...group.map((t) => t.lr))}`;
  if (!(gap > matters)) {
    if (run.verdict === "good") return { ...run, confidence: Math.max(run.confidence, 0.9), reason: `Among the best of ${others}.` };
    // best of what was tried: only an end of the range leaves the question open
    const inner = group.some((t) => t.lr < own.lr) && group.some((t) => t.lr > own.lr);
    if (!inner && own === best) return run;
    return change(run, "good", 0.85, `Among the best of ${others}.`);
  }
  const confidence = Math.min(0.97, 0.6 + 0.1 * (gap / matters));
  const factor = best.lr / own.lr;
  const reason = `Ends at ${own.final.toPrecision(4)}; rate ${best.lr} ends at ${best.final.toPrecision(4)} (${others}).`;
  if (factor > 1) return change(run, "too-low", confidence, reason, factor);
  const name = own.final !== Number.POSITIVE_INFINITY && factor > 10 ** -0.75 ? "slightly-high" : "too-high";
  return change(run, name, confidence, reason, factor);
}

function change(run: RunDiagnosis, verdict: VerdictName, confidence: number, reason: string, multiply = 1): RunDiagnosis {
  const factor = Number(multiply.toPrecision(3));
  const text =
    verdict === "good"
      ? "Keep the learning rate."
      : `${factor > 1 ? "Increase" : "Reduce"} the learning rate ${factor > 1 ? factor : Number((1 / multiply).toPrecision(3))}×, to that of the best run.`;
  return { ...run, verdict, confidence: Number(confidence.toFixed(3)), reason, action: { lr: { multiply: factor }, text } };
}
