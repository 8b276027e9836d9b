/**
 * The search for a rate: short trainings over the whole axis, then fewer and fewer of them are continued, further and
 * further, and the least must lie between two others at every stage. Successive halving (Jamieson and Talwalkar 2016)
 * on a line, with trainings that are continued and neighbours that are taken up again.
 */

import { type LongWork, takeTurns } from "../../run/long-work.ts";
import { createLadder, type Ladder, paidBy } from "./ladder.ts";
import { scan } from "./scan.ts";
import type { Trial, Trials } from "./trial.ts";
import { failed, judge, leading, type SearchResult } from "./verdict.ts";

export interface SearchProgress {
  /** Steps paid so far, and those that the budget allows. */
  readonly steps: number;
  readonly expected: number;
  readonly text: string;
}

export interface SearchOptions extends LongWork<SearchProgress> {
  /** The rate to begin with. */
  readonly first: number;
  readonly seed: number;
  /** Whole trainings that may be paid. */
  readonly budget: number;
  /** Seeds in all for the best rates, as far as the budget allows. Default 1. */
  readonly seeds?: number | undefined;
  /** At the end, out of what is left: a second seed of the chosen rate, as far as it gets. Default false. */
  readonly secondLook?: boolean | undefined;
  /** Says that nothing new shall begin: the answer is what is known by then. */
  readonly enough?: (() => boolean) | undefined;
  /** Rates beyond these are not tried. */
  readonly lowest?: number | undefined;
  readonly highest?: number | undefined;
}

const SCAN_SHARE = 1 / 32;
/** Shares of a whole training at which trainings are compared, and how many are continued to there. */
const RUNGS: readonly (readonly [share: number, keep: number])[] = [
  [1 / 16, 5],
  [1 / 8, 4],
  [1 / 4, 3],
  [3 / 8, 2],
  [1 / 2, 2],
  [3 / 4, 2],
  [1, 2],
];
/** A larger budget keeps more of them. */
const KEEP_MORE: readonly (readonly [budget: number, factor: number])[] = [
  [3.2, 2],
  [2.2, 1.5],
];
/** A training that stays within this share above the constant answer's score is on the plateau, */
const ON = 0.05;
/** and has left it this share below. */
const LEFT = 0.03;
/** One that has made this share of the way from where it began has come to it. */
const COME = 0.5;
/** Where all stay on it for this share of a training, the search may cost so many trainings more. */
const LATE = 1 / 8;
const PATIENCE = 1;
const RATES = [1e-14, 1e6] as const;

export async function searchRate(trials: Trials, options: SearchOptions): Promise<SearchResult> {
  const { first, seed, budget, seeds = 1, secondLook = false, enough = () => false } = options;
  const ladder = createLadder(trials, { first, seed });
  const more: Asked[] = [];
  const allowed = budget * trials.length;
  const paid = (): number => ladder.paid() + more.reduce((sum, m) => sum + paidBy(m.trial, m.steps), 0);
  const made = (): number => ladder.made() + more.reduce((sum, m) => sum + m.trial.steps, 0);
  const left = (): number => (enough() ? 0 : allowed - paid());
  const turn = takeTurns(options, 0);
  const say = async (text: string): Promise<void> => {
    await turn(() => ({ steps: paid(), expected: Math.round(allowed), text }));
  };
  try {
    // the best rates' other seeds are paid out of what is left
    const reserve = (steps: number): number => Math.min(2 * (seeds - 1) * steps, allowed / 3);
    const reached = await climb(ladder, trials, { ...options, left, reserve, say });
    if (reached === null) return await failed(ladder, trials, made());
    const parts = { steps: reached, seed, seeds, more, say, left };
    const scores = await repeat(ladder, trials, parts);
    const apart = await seedsApart(ladder, trials, { ...parts, scores, secondLook });
    return await judge(ladder, trials, { steps: reached, scores, apart, paid: made() });
  } finally {
    for (const place of ladder.places()) ladder.trialAt(place)!.release();
    for (const { trial } of more) trial.release();
  }
}

/** Steps of so large a part of a training, and not so few that they say nothing. */
const stageOf = ({ length, shortest }: Trials, share: number): number =>
  Math.min(length, Math.max(shortest, Math.ceil(share * length)));

interface Climb extends Pick<SearchOptions, "lowest" | "highest" | "budget" | "first"> {
  readonly left: () => number;
  /** Steps to keep when the stage at `steps` is reached. */
  readonly reserve: (steps: number) => number;
  readonly say: (text: string) => Promise<void>;
}

/** Steps of the last stage that was completed; null when every training died. */
async function climb(
  ladder: Ladder,
  trials: Trials,
  { lowest = RATES[0], highest = RATES[1], first, budget, left, reserve, say }: Climb,
): Promise<number | null> {
  const bounds = {
    lowest: Math.ceil(Math.log2(lowest / first) - 1e-9),
    highest: Math.floor(Math.log2(highest / first) + 1e-9),
  };
  const factor = KEEP_MORE.find(([minBudget]) => budget >= minBudget)?.[1] ?? 1;
  let steps = stageOf(trials, SCAN_SHARE);
  const reference = (): number | Promise<number> => trials.reference(steps);
  await reference();
  const alive = await scan(ladder, { ...bounds, steps, reference, plateau: trials.plateau?.() ?? null, say });
  if (!alive) return null;
  let kept = best(ladder, steps, Number.POSITIVE_INFINITY);
  let patience = 0;
  let complete = true;
  for (const [share, keep] of RUNGS) {
    const next = stageOf(trials, share);
    const count = Math.ceil(keep * factor);
    const stuck = onPlateau(ladder, trials, { steps, reference: await reference() });
    if (stuck !== null && steps >= LATE * trials.length) patience = PATIENCE * trials.length;
    const usual = best(ladder, steps, count, kept);
    const chosen = stuck === null ? usual : eitherWay(usual, stuck, bounds.lowest);
    const free = (): number => Math.max(0, left() + patience - reserve(next));
    // trainings that could not be stopped have gone on unasked: what is paid already is looked at
    const price = ladder.cost(chosen.slice(0, 2), next);
    if (price > 0 && (!complete || price > free())) break;
    const affordable = chosen.filter((_, i) => ladder.cost(chosen.slice(0, i + 1), next) <= free());
    await say(
      `${affordable.length} rates to ${next} steps${stuck === null ? "" : ", as all are at what a constant answer scores"}`,
    );
    await ladder.advance(affordable, next);
    complete = await enclose(ladder, { steps: next, bounds, say, left: free });
    if (best(ladder, next, 1).length === 0) break;
    steps = next;
    kept = best(ladder, steps, Number.POSITIVE_INFINITY);
  }
  return steps;
}

/** The lowest rate that has come to the constant answer's level after `steps`; null where none has, or some training is below it. */
function onPlateau(
  ladder: Ladder,
  trials: Trials,
  { steps, reference }: { readonly steps: number; readonly reference: number },
): number | null {
  const level = trials.plateau?.() ?? null;
  const live = best(ladder, steps, Number.POSITIVE_INFINITY);
  if (level === null || live.length === 0) return null;
  if (ladder.score(live[0]!, steps) < level - LEFT * Math.abs(level)) return null;
  const near = level + ON * Math.abs(level);
  // where trainings begin at the level, those that have not moved say nothing
  const come = reference > level ? reference - COME * (reference - level) : Number.NEGATIVE_INFINITY;
  const there = live.filter((p) => ladder.score(p, steps) <= Math.min(near, come));
  return there.length === 0 ? null : Math.min(...there);
}

/**
 * Who leaves a plateau first can't be seen on it: beside those with the least scores the lowest rate that has come to it, and
 * two lower ones, which come to it later and are steadier there.
 */
function eitherWay([first, ...others]: readonly number[], stuck: number, lowest: number): number[] {
  const places = [first ?? stuck, stuck, stuck - 1, ...others, stuck - 2];
  return [...new Set(places)].filter((p) => p >= lowest);
}

/** The live trainings that were taken to `steps`, the best first. */
export function best(ladder: Ladder, steps: number, count: number, among?: readonly number[]): number[] {
  return (among ?? ladder.places())
    .filter((p) => !ladder.died(p) && ladder.reached(p, steps) && Number.isFinite(ladder.score(p, steps)))
    .sort((a, b) => ladder.score(a, steps) - ladder.score(b, steps))
    .slice(0, count);
}

interface Enclose {
  readonly steps: number;
  readonly bounds: { readonly lowest: number; readonly highest: number };
  readonly say: (text: string) => Promise<void>;
  readonly left: () => number;
}

/** Takes up neighbours until the least lies between two of them; false when the budget ends before. */
async function enclose(ladder: Ladder, { steps, bounds, say, left }: Enclose): Promise<boolean> {
  for (;;) {
    const [place] = best(ladder, steps, 1);
    if (place === undefined) return true;
    const missing = [place + 1, place - 1].filter(
      (p) => p >= bounds.lowest && p <= bounds.highest && !ladder.reached(p, steps),
    );
    if (missing.length === 0) return true;
    if (ladder.cost(missing, steps) > left()) return false;
    await say(`beside the best: ${missing.map((p) => Number(ladder.rateAt(p).toPrecision(3))).join(", ")}`);
    await ladder.advance(missing, steps);
  }
}

/** A training, and the steps that it was asked for. */
interface Asked {
  readonly trial: Trial;
  readonly steps: number;
}

interface Repeat {
  readonly steps: number;
  readonly seed: number;
  readonly seeds: number;
  readonly more: Asked[];
  readonly say: (text: string) => Promise<void>;
  readonly left: () => number;
}

/** Rates that get more seeds: those that may be the best. */
const REPEATED = 3;

/** Scores of each place that got so far, the first seed's first. */
async function repeat(
  ladder: Ladder,
  trials: Trials,
  { steps, seed, seeds, more, say, left }: Repeat,
): Promise<Map<number, number[]>> {
  const places = best(ladder, steps, Number.POSITIVE_INFINITY);
  const scores = new Map(places.map((p) => [p, [ladder.score(p, steps)]]));
  // the best, and the best of its neighbours
  const [top = 0] = places;
  const near = places.filter((p) => Math.abs(p - top) <= 2).slice(0, REPEATED);
  for (let k = 1; k < seeds; k++) {
    for (const group of near.length * steps <= left() ? [near] : [near.slice(0, 2)]) {
      if (group.length * steps > left()) return scores;
      await say(`seed ${k + 1} at ${group.map((p) => Number(ladder.rateAt(p).toPrecision(3))).join(", ")}`);
      const fresh = group.map((p) => ({ p, trial: trials.start(ladder.rateAt(p), seed + k) }));
      more.push(...fresh.map(({ trial }) => ({ trial, steps })));
      await Promise.all(fresh.map((f) => f.trial.advance(steps)));
      for (const { p, trial } of fresh) scores.get(p)!.push(trial.scoreAt(steps));
    }
  }
  return scores;
}

/**
 * How far seeds of the best are apart, as a share of what is gained: after all steps, or in a second look after as many as
 * can still be paid and its first seed was scored at. Null where neither can be.
 */
async function seedsApart(
  ladder: Ladder,
  trials: Trials,
  {
    scores,
    secondLook,
    steps,
    seed,
    more,
    say,
    left,
  }: Repeat & { readonly scores: ReadonlyMap<number, readonly number[]>; readonly secondLook: boolean },
): Promise<number | null> {
  const [top, its] = leading(scores);
  const share = async (of: readonly number[], after: number): Promise<number> =>
    (Math.max(...of) - Math.min(...of)) / ((await trials.reference(after)) - Math.min(...of));
  if (its.length > 1) return share(its, steps);
  if (!secondLook) return null;
  const after = RUNGS.map(([part]) => stageOf(trials, part)).findLast(
    (n) => n <= left() && Number.isFinite(ladder.score(top, n)),
  );
  if (after === undefined) return null;
  const rate = ladder.rateAt(top);
  await say(`a second seed at ${Number(rate.toPrecision(3))}, ${after} steps`);
  const trial = trials.start(rate, seed + 1);
  more.push({ trial, steps: after });
  await trial.advance(after);
  return share([ladder.score(top, after), trial.scoreAt(after)], after);
}
