/**
 * Finds a run's learning rate: a range test tells roughly where the loss falls and rises, short runs around there measure
 * it, curvature is asked for its limit; all over several seeds, so that the answer comes with its spread. Or refuses.
 */

import { type LongWork, nullWhenAborted, takeTurns } from "../../run/long-work.ts";
import type { BuiltRun } from "../../train/build.ts";
import { type CurvatureAnswer, curvatureAnswer } from "./curvature.ts";
import {
  checkRate,
  chooseRate,
  type Found,
  geometricMean,
  type Refused,
  refuseSweeps,
  spreadOf,
} from "./judge.ts";
import { rules } from "./other-tools.ts";
import {
  HIGHEST,
  LOWEST,
  mean,
  readSweep,
  type Sweep,
  type SweepMarks,
  sweep,
  type Trial,
  windowOf,
} from "./range-test.ts";
import { schedulePeak, trialOf } from "./run-trial.ts";
import { type ShortRun, shortRuns } from "./short-runs.ts";
import type { FindLrResult, RuleResult, SweepPoint, SweepSummary } from "./types.ts";

export interface FindLrProgress {
  /** Steps made so far, and how many there will be, as far as is known. */
  readonly steps: number;
  readonly expected: number;
  readonly text: string;
}

export interface FindLrOptions extends LongWork<FindLrProgress> {
  /** Lowest and highest rate of the sweep; an end that is not given may be moved out to 1e-14 and 1e6. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Rates from end to end. Default 250. */
  readonly iterations?: number | undefined;
  /** Repetitions, each with its own initial weights and batches. Default 3. */
  readonly seeds?: number | undefined;
  /** Ask the curvature too. Default true. */
  readonly curvature?: boolean | undefined;
}

export const DEFAULTS: {
  readonly from: number;
  readonly to: number;
  readonly iterations: number;
  readonly seeds: number;
} = { from: 1e-7, to: 10, iterations: 250, seeds: 3 };
/** A sweep that ends within this many decades of its first rate is begun again so much lower. */
const TOO_SOON = 10;
const LOWER_BY = 1e3;
/** A short run is a quarter of the run, within these. */
const SHORT = [20, 64] as const;
/** Milliseconds between two looks around. */
const SLICE = 30;

/** The run is left as it was found, to the last bit. Null when aborted. */
export async function findLr(run: BuiltRun, options: FindLrOptions = {}): Promise<FindLrResult | null> {
  const trial = trialOf(run);
  try {
    return await nullWhenAborted(options.signal, () => search(run, trial, options));
  } finally {
    trial.restore();
  }
}

interface Pulse {
  readonly beat: () => Promise<void> | undefined;
  readonly say: (text: string) => void;
  readonly steps: () => number;
}

/** Rates that short runs are usually made at. */
const USUAL_RATES = 12;

function pulseOf({ iterations, seeds = DEFAULTS.seeds, ...work }: FindLrOptions, short: number): Pulse {
  let [steps, text] = [0, ""];
  const expected = seeds * ((iterations ?? DEFAULTS.iterations) + USUAL_RATES * short);
  const turn = takeTurns(work, SLICE);
  return {
    beat: () => {
      steps++;
      return turn(() => ({ steps, expected: Math.max(expected, steps), text }));
    },
    say: (what) => {
      text = what;
    },
    steps: () => steps,
  };
}

async function search(run: BuiltRun, trial: Trial, options: FindLrOptions): Promise<FindLrResult> {
  const steps = Math.min(SHORT[1], Math.max(SHORT[0], Math.round(run.totalSteps / 4)));
  const pulse = pulseOf(options, steps);
  const peak = schedulePeak(run);
  const seeds = Array.from({ length: options.seeds ?? DEFAULTS.seeds }, (_, i) => run.spec.seed + i);
  const { sweeps, window } = await sweepAll(trial, seeds, { ...options, momentum: peak.momentum, pulse });
  const marks = sweeps.map((s) => readSweep(s, window));
  const used = marks.flatMap((m, i) => (m.fell && m.lrRise !== null ? [i] : []));

  const refused = refuseSweeps(sweeps, marks, window);
  let runs: readonly ShortRun[] = [];
  let outcome: Found | Refused;
  if (refused !== null) outcome = refused;
  else {
    const good = used.map((i) => marks[i]!);
    runs = await shortRuns(trial, {
      seeds: used.map((i) => seeds[i]!),
      starts: good.map((m) => m.start),
      near: geometricMean(good.map((m) => m.lrMin)) / 4,
      steps,
      schedule: peak.squeezed,
      onRate: (lr) => pulse.say(`short runs at ${Number(lr.toPrecision(2))}`),
      pulse: pulse.beat,
    });
    outcome = chooseRate(runs, good, { steps, totalSteps: run.totalSteps });
  }
  const summary = summaryOf(refused === null ? used.map((i) => marks[i]!) : marks);
  const measured = {
    ...summary,
    scheduleFactor: peak.factor,
    curve: curveOf(sweeps, marks),
    shortRuns: { steps, runs: runs.map(({ lr, losses }) => ({ lr, losses: losses.map(finite) })) },
    rules: Object.fromEntries(
      rules.map(({ id, choose }) => [id, ruleResult(sweeps.map((s) => choose(s.lrs, s.losses)))]),
    ),
    steps: pulse.steps(),
  };
  const perSeed = seeds.map((seed, i) => ({
    seed,
    ...summaryOf([marks[i]!]),
    losses: sweeps[i]!.losses.map(finite),
  }));
  if ("refusal" in outcome) {
    return {
      schema: "steepest.find-lr/1",
      suggestion: null,
      ...outcome,
      confidence: null,
      checks: [],
      spread: null,
      stretch: null,
      curvatureLimit: null,
      curvature: null,
      curvatureNote: "no rate was found to ask it about",
      ...measured,
      seeds: perSeed.map((s) => ({ ...s, suggestion: null })),
    };
  }
  // what is written at optimizer.lr reaches the measured rate at the schedule's peak
  const base = (rate: number): number => Number((rate / (peak.factor ?? 1)).toPrecision(3));
  const { rate, rates, stretch } = outcome;
  let { limit, curvature, note }: CurvatureAnswer = { limit: null, curvature: null, note: "not asked" };
  if (options.curvature !== false) {
    pulse.say("curvature");
    ({ limit, curvature, note } = await curvatureAnswer(run, trial, {
      rate,
      steps,
      seed: seeds[0]!,
      schedule: peak.squeezed,
      pulse: pulse.beat,
    }));
  }
  const { checks, confidence } = checkRate(outcome, {
    lrMin: summary.lrMin!,
    lrRise: summary.lrRise!,
    limit,
  });
  const n = (x: number): number => Number(x.toPrecision(2));
  return {
    schema: "steepest.find-lr/1",
    suggestion: base(rate),
    reason: `in short runs of ${steps} steps the loss is within a tenth of its best from ${n(stretch.low)} to ${n(stretch.high)}, and gets worse above`,
    refusal: null,
    confidence,
    checks,
    spread: spreadOf(rates.map(base)),
    stretch,
    curvatureLimit: limit,
    curvature,
    curvatureNote: note,
    ...measured,
    steps: pulse.steps(),
    seeds: perSeed.map((s, i) => {
      const at = used.indexOf(i);
      return { ...s, suggestion: at < 0 ? null : base(rates[at]!) };
    }),
  };
}

interface SweepAllOptions extends Pick<FindLrOptions, "from" | "to" | "iterations"> {
  readonly momentum: number | undefined;
  readonly pulse: Pulse;
}

/** One sweep for each seed over the same rates. The first decides whether they have to begin lower. */
async function sweepAll(
  trial: Trial,
  seeds: readonly number[],
  { from: given, to: top, iterations = DEFAULTS.iterations, momentum, pulse }: SweepAllOptions,
): Promise<{ sweeps: Sweep[]; window: number }> {
  const to = top ?? DEFAULTS.to;
  let from = given ?? Math.min(DEFAULTS.from, to / 1e4);
  const window = windowOf({ from, to, iterations });
  const perDecade = (iterations - 1) / Math.log10(to / from);
  const one = (seed: number): Promise<Sweep> =>
    sweep(trial, {
      seed,
      from,
      to,
      iterations: Math.round(perDecade * Math.log10(to / from)) + 1,
      highest: top ?? HIGHEST,
      momentum,
      pulse: pulse.beat,
    });
  const sweeps: Sweep[] = [];
  for (const [i, seed] of seeds.entries()) {
    pulse.say(`range test, seed ${i + 1} of ${seeds.length}`);
    let done = await one(seed);
    while (i === 0 && given === undefined && from > LOWEST && endedSoon(done, window)) {
      from = Math.max(LOWEST, from / LOWER_BY);
      done = await one(seed);
    }
    sweeps.push(done);
  }
  return { sweeps, window };
}

const endedSoon = (done: Sweep, window: number): boolean =>
  done.stopped !== "end" &&
  Number.isFinite(done.losses[0]!) &&
  readSweep(done, window).lrMin < TOO_SOON * done.lrs[0]!;

const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);
const meanOf = (xs: readonly (number | null)[]): number | null => {
  const known = xs.flatMap((x) => (x === null ? [] : [x]));
  return known.length === 0 ? null : geometricMean(known);
};

function summaryOf(marks: readonly SweepMarks[]): SweepSummary {
  return {
    lrMin: meanOf(marks.map((m) => (m.fell ? m.lrMin : null))),
    lrRise: meanOf(marks.map((m) => (m.fell ? m.lrRise : null))),
    lrDiverged: meanOf(marks.map((m) => m.lrDiverged)),
  };
}

/** Means over the seeds that got so far. */
function curveOf(sweeps: readonly Sweep[], marks: readonly SweepMarks[]): SweepPoint[] {
  const longest = sweeps.reduce((a, b) => (b.lrs.length > a.lrs.length ? b : a));
  const average = (of: (i: number) => number | undefined): number | null => {
    const known = sweeps
      .map((_, i) => of(i))
      .filter((x) => x !== undefined && Number.isFinite(x)) as number[];
    return known.length === 0 ? null : mean(known);
  };
  return longest.lrs.map((lr, k) => ({
    lr,
    loss: average((i) => sweeps[i]!.losses[k]),
    smoothed: average((i) => marks[i]!.smoothed[k]),
  }));
}

function ruleResult(chosen: readonly (number | null)[]): RuleResult {
  const known = chosen.flatMap((lr) => (lr === null ? [] : [lr]));
  return known.length === 0
    ? { lr: null, spread: null }
    : { lr: geometricMean(known), spread: spreadOf(known) };
}
