/** What the trainings of a search say: the rate, how wide the choice is, and where trainings break down. */
import { mean } from "../../run/mean.ts";
import type { Ladder } from "./ladder.ts";
import type { Trials } from "./trial.ts";

/** All trainings at one rate. */
export interface RateResult {
  readonly rate: number;
  /** The rate's training did not survive. */
  readonly died: boolean;
  /** Steps of the longest. */
  readonly steps: number;
  /** Scores after `SearchResult.steps`, one for each seed; none for a rate that was dropped before. */
  readonly scores: readonly number[];
}

export interface SearchResult {
  /** Null when every training died, or when none got below the reference. */
  readonly rate: number | null;
  /** Where the best rate of the whole training is expected in nine cases of ten. */
  readonly interval: readonly [number, number] | null;
  /** Rates that can't be told from the best. */
  readonly plateau: readonly [number, number] | null;
  /** The lowest rate that died; null where none did. */
  readonly edge: number | null;
  /** Two seeds of the best rate differ by more than a tenth of the gain; null where one seed was run. */
  readonly fragile: boolean | null;
  /** Standard deviation between seeds; null where one seed was run. */
  readonly noise: number | null;
  /** Score at the chosen rate (mean of its seeds), and of a training that learns nothing, after `steps`. */
  readonly score: number;
  readonly reference: number;
  /** Steps after which the rates were compared. */
  readonly steps: number;
  /** Steps made. */
  readonly paid: number;
  readonly rates: readonly RateResult[];
}

/** Rates whose score is within this share of the gain of the best's can't be told from it. */
const SAME = 0.01;
/**
 * Where the constant answer's score is not known, a gain is one when it is so many standard deviations: the best of a dozen rates
 * lies two low by chance.
 */
const CLEAR = 3.5;
/** Seeds that differ by more than this share of the gain are far apart. */
const FRAGILE = 0.1;
/** The best by the mean of its seeds; a rate with fewer seeds was behind those with more. */
export function leading(
  scores: ReadonlyMap<number, readonly number[]>,
): [place: number, scores: readonly number[]] {
  const max = Math.max(...[...scores.values()].map((s) => s.length));
  const [winner] = [...scores].filter(([, s]) => s.length === max).sort(([, a], [, b]) => mean(a) - mean(b));
  return winner!;
}

/** Between the seeds of one rate, over all rates that have several; null where none has. */
function noiseOf(scores: readonly (readonly number[])[]): number | null {
  let [sum, freedom] = [0, 0];
  for (const s of scores) {
    if (s.length < 2 || !s.every(Number.isFinite)) continue;
    const m = mean(s);
    sum += s.reduce((a, x) => a + (x - m) ** 2, 0);
    freedom += s.length - 1;
  }
  return freedom === 0 ? null : Math.sqrt(sum / freedom);
}

interface Judge {
  readonly steps: number;
  readonly scores: ReadonlyMap<number, readonly number[]>;
  /** How far seeds of the best are apart, as a share of the gain. */
  readonly apart: number | null;
  readonly paid: number;
}

export async function judge(
  ladder: Ladder,
  trials: Trials,
  { steps, scores, apart, paid }: Judge,
): Promise<SearchResult> {
  const reference = await trials.reference(steps);
  const noise = noiseOf([...scores.values()]);
  const [top, its] = leading(scores);
  const gain = reference - mean(its);
  const same = Math.max(SAME * gain, noise === null ? 0 : noise / Math.sqrt(its.length));
  const level = (place: number): boolean => {
    const s = scores.get(place);
    return s !== undefined && mean(s) <= mean(its) + same;
  };
  let [low, high] = [top, top];
  while (level(low - 1)) low--;
  while (level(high + 1)) high++;
  // beside a rate that dies the lower one is as good, and safer
  const chosen = ladder.died(top + 1) && low < top ? top - 1 : top;
  // trainings of which one seed in three gets nowhere have learnt all the same
  const unknown = (trials.plateau?.() ?? null) === null;
  const byChance = unknown ? (CLEAR * (noise ?? 0)) / Math.sqrt(its.length) : 0;
  const learnt =
    Number.isFinite(gain) &&
    gain > Math.max(0, byChance) &&
    (trials.evidence?.(ladder.rateAt(top), steps) ?? Number.POSITIVE_INFINITY) > CLEAR;
  const above = 2 * steps >= trials.length ? 1 : 2;
  // what is best for a part of a training lies above what is best for the whole
  const below = steps < trials.length ? above + 1 : above;
  return {
    rate: learnt ? ladder.rateAt(chosen) : null,
    interval: learnt ? [ladder.rateAt(low - below), ladder.rateAt(high + above)] : null,
    plateau: learnt ? [ladder.rateAt(low), ladder.rateAt(high)] : null,
    edge: edgeOf(ladder),
    fragile: apart === null ? null : apart > FRAGILE,
    noise,
    score: mean(scores.get(chosen)!),
    reference,
    steps,
    paid,
    rates: ratesOf(ladder, scores),
  };
}

export async function failed(ladder: Ladder, trials: Trials, paid: number): Promise<SearchResult> {
  return {
    rate: null,
    interval: null,
    plateau: null,
    edge: edgeOf(ladder),
    fragile: null,
    noise: null,
    score: Number.POSITIVE_INFINITY,
    reference: await trials.reference(trials.shortest),
    steps: trials.shortest,
    paid,
    rates: ratesOf(ladder, new Map()),
  };
}

function edgeOf(ladder: Ladder): number | null {
  const dead = ladder.places().find((p) => ladder.died(p));
  return dead === undefined ? null : ladder.rateAt(dead);
}

const ratesOf = (ladder: Ladder, scores: ReadonlyMap<number, readonly number[]>): RateResult[] =>
  ladder.places().map((p) => ({
    rate: ladder.rateAt(p),
    died: ladder.died(p),
    steps: ladder.trialAt(p)!.steps,
    scores: scores.get(p) ?? [],
  }));
