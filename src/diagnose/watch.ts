/** Alerts from a growing log: what is new since the last look. */
import type { RunLog } from "../run/log.ts";
import { makeContext } from "./context.ts";
import { type GatheredRun, gatherRun, hiddenNans } from "./gather.ts";
import { RULES } from "./rules/index.ts";
import { toFinding } from "./rules/rule.ts";
import type { Finding } from "./types.ts";

export interface Watch {
  /** Findings that were not there (or were less severe) at the last call. The log is the whole log so far. */
  update(log: RunLog): Finding[];
}

export interface WatchOptions {
  /** Points looked back on: bounds the work of a call. */
  readonly lookBack?: number;
}

/** What can't wait for the end of a run, and the kind of event it tells of. What several tell of, the first one tells. */
const ALERTS: Readonly<Record<string, string>> = {
  "hidden-nan": "value",
  "non-finite": "value",
  "nan-iterations": "iterations",
  divergence: "level",
  "early-jump": "level",
  "loss-spike": "level",
  "exploding-gradient": "gradient",
  "loss-scale-collapse": "scale",
};
const ORDER = Object.keys(ALERTS);
const RANK = { info: 0, warning: 1, critical: 2 };

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
      const able = (id: string): boolean =>
        id in ALERTS &&
        (context.loss.length > 0 || id !== "exploding-gradient") &&
        // the first points in sight are the run's first ones
        (recent === run || id !== "early-jump");
      const now = RULES.filter((r) => able(r.id))
        .flatMap((rule) => rule.detect(context).map((found) => toFinding(rule, found)))
        .sort((a, b) => ORDER.indexOf(a.id) - ORDER.indexOf(b.id));
      const fresh = now
        .filter((f) => !known(f))
        .filter((f, i, all) => !all.slice(0, i).some((g) => ALERTS[g.id] === ALERTS[f.id] && meet(f, g)));
      told = [...told.filter((t) => !now.some((f) => f.id === t.id && f.steps[0] === t.steps[0])), ...now];
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
