/** Alerts from a growing log: what is new since the last look. */
import type { RunLog } from "../run/log.ts";
import { makeContext } from "./context.ts";
import { type GatheredRun, gatherRun, hiddenNans } from "./gather.ts";
import { rules } from "./rules/index.ts";
import { findingsOf } from "./rules/rule.ts";
import type { Finding } from "./types.ts";
import { RANK } from "./words.ts";

/** A watch over one growing log. */
export interface Watch {
  /** Findings that were not there (or were less severe) at the last call. The log is the whole log so far. */
  update(log: RunLog): Finding[];
}

/** Options of `createWatch`. */
export interface WatchOptions {
  /** Points looked back on: bounds the work of a call. */
  readonly lookBack?: number;
}

/** Rules that can't wait for the end of a run, by name, with the event that each tells of. */
const ALERTS = new Map(rules.filter((r) => r.alerts !== null).map((r) => [r.name, r.alerts]));

/** Watches a run while it grows: each call tells only what is new, of the rules that can't wait for the end. */
export function createWatch({ lookBack = 2000 }: WatchOptions = {}): Watch {
  let told: Finding[] = [];
  const known = (f: Finding): boolean =>
    told.some((t) => t.id === f.id && RANK[t.severity] >= RANK[f.severity] && meet(t, f));
  return {
    update(log) {
      const run = gatherRun(log);
      if (!run) return [];
      const recent = tail(run, lookBack);
      const context = makeContext(recent, hiddenNans(recent));
      const now = rules
        .filter((rule) => ALERTS.has(rule.name))
        .flatMap((rule) => findingsOf(rule, context, { whole: recent === run }));
      const fresh = now
        .filter((f) => !known(f))
        .filter(
          (f, i, all) => !all.slice(0, i).some((g) => ALERTS.get(g.id) === ALERTS.get(f.id) && meet(f, g)),
        );
      // what ended before the points looked back on can't come again, and a long run has no end of it
      const since = recent.steps[0] ?? Number.NEGATIVE_INFINITY;
      const others = told.filter(
        (t) => t.steps[1] >= since && !now.some((f) => f.id === t.id && f.steps[0] === t.steps[0]),
      );
      told = [...others, ...now];
      return fresh;
    },
  };
}

const meet = (a: Finding, b: Finding): boolean => a.steps[0] <= b.steps[1] && b.steps[0] <= a.steps[1];

function tail(run: GatheredRun, points: number): GatheredRun {
  const from = run.loss.length - points;
  if (from <= 0) return run;
  return {
    ...run,
    steps: run.steps.subarray(from),
    loss: run.loss.subarray(from),
    lr: run.lr?.subarray(from) ?? null,
    gradNorm: run.gradNorm?.subarray(from) ?? null,
    epoch: run.epoch?.subarray(from) ?? null,
  };
}
