/** Several runs of one task at different rates: each is judged against the best of them. */
import type { RunLog } from "../run/log.ts";
import { gatherRun } from "./gather.ts";
import { outrank } from "./reconcile.ts";
import { largest, madSigma, mean } from "./stats.ts";
import type { RunDiagnosis, Verdict, VerdictName } from "./types.ts";
import { unsure } from "./verdict.ts";
import { ONE_WORD } from "./verdict-set.ts";

interface Trial {
  /** Position among the runs given. */
  readonly index: number;
  readonly lr: number;
  /** The log has no rate: it was read from the name of the file, folder or run. */
  readonly named: boolean;
  readonly first: number;
  readonly final: number;
  readonly error: number;
  readonly lastStep: number;
  readonly key: string;
}

/** The rate in a name such as "sweep/lr=3e-4/log.csv" or "run_lr0.01"; the last one where there are several. */
function rateInName({ source, run }: Pick<RunLog, "source" | "run">): number | null {
  const pattern = /(?:^|[^a-z])(?:lr|learning[-_ ]?rate|eta)[-_= ]?(\d*\.?\d+(?:e[-+]?\d+)?)/gi;
  const found = [...`${source}/${run ?? ""}`.matchAll(pattern)].map((m) => Number(m[1]));
  return found.filter((v) => v > 0 && v < 1e3).at(-1) ?? null;
}

/** Peak rate and outcome of a run; null without a known rate or with too few points. */
function trial(log: RunLog, index: number): Trial | null {
  const run = gatherRun(log);
  if (!run || run.loss.length < 20) return null;
  const named = run.lr === null ? rateInName(log) : null;
  const lr = run.lr ? largest(run.lr) : named;
  if (lr === null || !(lr > 0)) return null;
  const tail = run.loss.subarray(run.loss.length - Math.max(3, Math.floor(run.loss.length / 10)));
  const final = tail.every(Number.isFinite) ? mean(tail) : Number.POSITIVE_INFINITY;
  const key = JSON.stringify([
    log.format,
    run.names.loss,
    log.meta.optimizer ?? null,
    log.meta.model ?? null,
  ]);
  const error = madSigma(tail) / Math.sqrt(tail.length);
  return {
    index,
    lr,
    named: named !== null,
    first: run.loss[0]!,
    final,
    error,
    lastStep: run.steps[run.steps.length - 1]!,
    key,
  };
}

/**
 * Runs of one task: the same series of the same kind of log, from (nearly) the same first loss, over the same steps.
 * Found by sorting, so that ten thousand runs are as quick as ten each.
 */
function groups(trials: readonly Trial[]): Trial[][] {
  const near = (x: number, y: number, by: number): boolean =>
    Math.abs(x - y) <= by * Math.max(Math.abs(x), Math.abs(y));
  const sorted = [...trials].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.first - b.first));
  const out: Trial[][] = [];
  for (const t of sorted) {
    const group = out[out.length - 1];
    const same = group && group[0]!.key === t.key && near(group[0]!.first, t.first, 0.05);
    if (same) group.push(t);
    else out.push([t]);
  }
  // a diverged run may have stopped early; the others must have gone as far as the longest
  return out.map((group) => {
    const longest = group.reduce((a, t) => Math.max(a, t.lastStep), 0);
    return group.filter((t) => t.final === Number.POSITIVE_INFINITY || near(t.lastStep, longest, 0.1));
  });
}

/** Verdicts changed where other runs of the same task decide them; the others as they were. */
export function compareRuns(logs: readonly RunLog[], runs: readonly RunDiagnosis[]): RunDiagnosis[] {
  const trials = logs.map(trial);
  const out = [...runs];
  const siblings = groups(trials.filter((t) => t !== null));
  for (const group of siblings) {
    const rates = new Set(group.map((t) => t.lr));
    const best = group.reduce((a, b) => (b.final < a.final ? b : a), group[0]!);
    if (rates.size < 2 || best.final === Number.POSITIVE_INFINITY || !oneValley(group, best)) continue;
    const asGood = group.filter((t) => !(t.final - best.final > margin(t, best)));
    const range: Range = {
      count: group.length,
      low: Math.min(...rates),
      high: Math.max(...rates),
      goodHigh: Math.max(...asGood.map((t) => t.lr)),
    };
    for (const own of group) {
      const i = own.index;
      const judged = judge(runs[i]!, own, best, range, group);
      out[i] = judged === runs[i] ? judged : outrank(judged, judged.findings, "the other runs");
    }
  }
  for (const group of siblings)
    for (const own of group) {
      const better = group.find((t) => t.final > 0 && own.final > FAR_WORSE * t.final && t.lr <= own.lr);
      const run = out[own.index]!;
      if (better && run.verdicts.includes("too-low")) out[own.index] = { ...run, ...farWorse(own, better) };
    }
  return out;
}

const FAR_WORSE = 10;

/** Whatever its own curve looks like: a sibling at no higher a rate ended far lower, so a higher rate is not the remedy. */
function farWorse(own: Trial, better: Trial): Verdict {
  return unsure(
    `Ends at ${own.final.toPrecision(4)}; a run of the same kind at rate ${better.lr.toPrecision(3)}, no higher than this one's ${own.lr.toPrecision(3)}, ends at ${better.final.toPrecision(4)}. Something other than the rate differs.`,
  );
}

interface Range {
  readonly count: number;
  readonly low: number;
  readonly high: number;
  /** The highest rate that ends as well as the best. */
  readonly goodHigh: number;
}

/**
 * How much worse than the best still counts as good: a twentieth of the distance covered; and where the loss keeps a
 * floor (as language models do), a twentieth of that floor.
 */
function tolerance(best: Trial): number {
  const covered = 0.05 * (best.first - best.final);
  return best.final > best.first / 8 ? Math.min(covered, 0.05 * best.final) : covered;
}

/** The gap to the best that is more than noise and matters. */
function margin(own: Trial, best: Trial): number {
  return Math.max(3 * Math.hypot(own.error, best.error), tolerance(best));
}

/**
 * Over the rates, outcomes of one task fall to a valley and rise again. When they don't, something else differed
 * (the optimizer, the batch size), and comparing would mislead.
 */
function oneValley(group: readonly Trial[], best: Trial): boolean {
  const slack = best.first - best.final;
  const cap = (t: Trial): number => Math.min(t.final, best.first + slack);
  const byRate = [...group].sort((a, b) => a.lr - b.lr);
  for (let i = 1; i < byRate.length; i++) {
    const change = cap(byRate[i]!) - cap(byRate[i - 1]!);
    const left = byRate[i]!.lr <= best.lr;
    // the far side may be ragged: runs that saturate end anywhere above the good range
    if (
      left
        ? change > 0.1 * slack
        : cap(byRate[i]!) < best.final + 0.05 * slack && cap(byRate[i - 1]!) > best.final + 0.5 * slack
    )
      return false;
  }
  return true;
}

/** A rate within a decade was tried on each side where the run's own verdicts look for a better one; on both without a verdict. */
function bracketed(own: Trial, group: readonly Trial[], { verdicts }: RunDiagnosis): boolean {
  const above = group.some((t) => t.lr > own.lr && t.lr <= own.lr * 10.01);
  const below = group.some((t) => t.lr < own.lr && t.lr >= own.lr / 10.01);
  const asks = (...of: readonly VerdictName[]): boolean =>
    verdicts.length === 0 || verdicts.some((v) => of.includes(v));
  return (above || !asks("too-low")) && (below || !asks("slightly-high", "too-high"));
}

function judge(
  run: RunDiagnosis,
  own: Trial,
  best: Trial,
  range: Range,
  group: readonly Trial[],
): RunDiagnosis {
  // what broke for another reason is no result of its rate
  if (run.verdict === "inconclusive" && own.final === Number.POSITIVE_INFINITY) return run;
  const gap = own.final - best.final;
  const others = `${range.count} runs of this task from rate ${range.low.toPrecision(3)} to ${range.high.toPrecision(3)}`;
  if (!(gap > margin(own, best))) {
    if (run.verdict === "good") {
      return { ...run, confidence: Math.max(run.confidence, 0.9), reason: `Among the best of ${others}.` };
    }
    // the best of what was tried, but with no near neighbour on that side: a rate between may be better still
    if (!run.verdicts.includes("good") && !bracketed(own, group, run)) return run;
    return change(run, "good", ONE_WORD, `Among the best of ${others}.`);
  }
  const factor = best.lr / own.lr;
  if (factor === 1) return run;
  const confidence = Math.min(0.97, 0.6 + 0.1 * (gap / margin(own, best)));
  const reason = `Ends at ${own.final.toPrecision(4)}; rate ${best.lr.toPrecision(3)} ends at ${best.final.toPrecision(4)} (${others}).${own.named ? " The log has no rate; it is read from the name." : ""}`;
  if (factor > 1) return change(run, "too-low", confidence, reason, factor);
  // how far above the good range is only as fine as the rates tried: a curve that says so itself is believed
  const near = own.final !== Number.POSITIVE_INFINITY && own.lr < range.goodHigh * 10 ** 0.75;
  const high = run.verdict === "slightly-high" || run.verdict === "too-high";
  const tight = group.some((t) => t.lr < own.lr && t.lr >= own.lr / 10 ** 0.75);
  const name = high && !tight ? run.verdict : near ? "slightly-high" : "too-high";
  return change(run, name, confidence, reason, factor);
}

function change(
  run: RunDiagnosis,
  verdict: VerdictName,
  confidence: number,
  reason: string,
  multiply = 1,
): RunDiagnosis {
  const factor = Number(multiply.toPrecision(3));
  const text =
    verdict === "good"
      ? "Keep the learning rate."
      : `${factor > 1 ? "Increase" : "Reduce"} the learning rate ${factor > 1 ? factor : Number((1 / multiply).toPrecision(3))}×, to that of the best run.`;
  return {
    ...run,
    verdict,
    verdicts: verdict === "inconclusive" ? [] : [verdict],
    confidence: Number(confidence.toFixed(3)),
    reason,
    action: { lr: { multiply: factor }, text },
  };
}
