/** Trainings that have been made already, judged as those of a search are. */
import { mean } from "../../run/mean.ts";
import { createLadder, type Ladder } from "./ladder.ts";
import { isLost, isScored, scoreOf } from "./score.ts";
import { best } from "./search.ts";
import type { Trial, Trials } from "./trial.ts";
import { failed, judge, leading, type SearchResult } from "./verdict.ts";

export interface Recorded {
  readonly rate: number;
  readonly seed: number;
  /** Of each step, from the first. */
  readonly losses: readonly number[];
}

export interface RecordedOptions {
  /** The rate that all others are a power of two away from. */
  readonly first: number;
  /** Steps of a whole training. */
  readonly length: number;
  /** Of the untouched model, by step; enough to cover the last fifth of each stage. */
  readonly reference: ReadonlyMap<number, number>;
  /** Rates beyond these were not to be tried. */
  readonly lowest: number;
  readonly highest: number;
}

export interface JudgedTraining extends Recorded {
  /** After the steps that were compared; null where the training was lost, or did not get there. */
  readonly score: number | null;
  readonly lost: boolean;
}

export interface JudgedRecord {
  readonly result: SearchResult;
  readonly trainings: readonly JudgedTraining[];
}

const FIRST_SEED = 0;

/**
 * The rates are compared at the latest stage at which the best lies between two others. Null where no training was
 * recorded with the first seed.
 */
export async function judgeRecorded(
  recorded: readonly Recorded[],
  options: RecordedOptions,
): Promise<JudgedRecord | null> {
  const result = await resultOf(recorded, options);
  if (result === null) return null;
  const trainings = recorded.map((r): JudgedTraining => {
    const gone = lost(r.losses, options);
    const score = gone || r.losses.length < result.steps ? null : scoreAfter(r.losses, result.steps, options);
    return { ...r, score: score === Number.POSITIVE_INFINITY ? null : score, lost: gone };
  });
  return { result, trainings };
}

async function resultOf(
  recorded: readonly Recorded[],
  options: RecordedOptions,
): Promise<SearchResult | null> {
  const { first, length } = options;
  const firsts = recorded.filter((r) => r.seed === FIRST_SEED && r.losses.length > 0);
  if (firsts.length === 0) return null;
  const trials = trialsOf(firsts, options);
  const ladder = createLadder(trials, { first, seed: FIRST_SEED });
  for (const { rate, losses } of firsts) await ladder.advance([placeOf(rate, first)], losses.length);
  const alive = firsts.filter((r) => !ladder.died(placeOf(r.rate, first)));
  const stages = [...new Set(alive.map((r) => r.losses.length))].sort((a, b) => b - a);
  const steps = stages.find((s) => enclosed(ladder, s, options)) ?? stages.at(-1) ?? length;
  const places = best(ladder, steps, Number.POSITIVE_INFINITY);
  const paid = recorded.reduce((sum, r) => sum + r.losses.length, 0);
  if (places.length === 0) return failed(ladder, trials, paid);
  const scores = new Map(places.map((p) => [p, scoresAt(recorded, ladder.rateAt(p), steps, options)]));
  const [, its] = leading(scores);
  const gain = referenceAt(steps, options) - Math.min(...its);
  const apart = its.length < 2 ? null : (Math.max(...its) - Math.min(...its)) / gain;
  return judge(ladder, trials, { steps, scores, apart, paid });
}

/** Of each seed that got so far, or died on the way; the first seed's first. */
const scoresAt = (
  recorded: readonly Recorded[],
  rate: number,
  steps: number,
  options: RecordedOptions,
): number[] =>
  recorded
    .filter((r) => r.rate === rate && (r.losses.length >= steps || lost(r.losses, options)))
    .sort((a, b) => a.seed - b.seed)
    .map((r) => scoreAfter(r.losses, steps, options));

const placeOf = (rate: number, first: number): number => Math.round(Math.log2(rate / first));

/** The best lies between two that got as far, or died, or may not be tried. */
function enclosed(ladder: Ladder, steps: number, { lowest, highest }: RecordedOptions): boolean {
  const [place] = best(ladder, steps, 1);
  if (place === undefined) return false;
  return [place - 1, place + 1].every(
    (p) => ladder.reached(p, steps) || ladder.rateAt(p) < lowest || ladder.rateAt(p) > highest,
  );
}

function trialsOf(recorded: readonly Recorded[], options: RecordedOptions): Trials {
  return {
    length: options.length,
    shortest: Math.min(...recorded.map((r) => r.losses.length)),
    reference: (steps) => referenceAt(steps, options),
    start(rate, seed): Trial {
      const losses = recorded.find((r) => r.rate === rate && r.seed === seed)?.losses ?? [];
      return {
        rate,
        seed,
        steps: losses.length,
        ended: false,
        advance: () => Promise.resolve(),
        scoreAt: (steps) => scoreAfter(losses, steps, options),
        release: () => {},
      };
    },
  };
}

/** The untouched model on the batches of the last fifth; where these are missing, on all that are there. */
function referenceAt(steps: number, { reference }: RecordedOptions): number {
  const all = [...reference].filter(([step]) => isScored(step, steps));
  return mean((all.length > 0 ? all : [...reference]).map(([, loss]) => loss));
}

function lost(losses: readonly number[], { reference }: RecordedOptions): boolean {
  const start = mean([...reference.values()]);
  return losses.some((x) => !Number.isFinite(x)) || isLost(scoreOf(losses), start);
}

function scoreAfter(losses: readonly number[], steps: number, options: RecordedOptions): number {
  const made = losses.slice(0, steps);
  return made.length === 0 || lost(made, options) ? Number.POSITIVE_INFINITY : scoreOf(made);
}
