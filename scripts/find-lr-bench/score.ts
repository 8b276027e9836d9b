/** A rate held against the grid of whole trainings. */
import { tPoint } from "../../src/tune/compare/student-t.ts";
import type { Measure, Truth } from "./truth.ts";

export interface Score {
  /** The rate over the best of the grid. */
  readonly ratio: number;
  /** Share of the way from the untrained loss to the best that is lost at this rate; infinite where it diverges. */
  readonly lost: number;
  /** Seed by seed the loss there can't be told from that at the best (paired t, one-sided, 5 %), and no twentieth of the way is lost. */
  readonly alike: boolean;
}

/** One step of a grid, with rounding. */
const STEP = 0.05;
const ALIKE = { error: 0.05, lost: 0.05 } as const;

interface Point {
  readonly x: number;
  readonly y: number;
}

const place = { training: 0, validation: 1 } as const;

/** Means over the seeds by log₂ rate, rising; infinite where a seed broke down. */
export function curveOf({ rates }: Truth, measure: Measure): Point[] {
  return Object.entries(rates)
    .map(([rate, ends]) => ({
      x: Math.log2(Number(rate)),
      y: ends.reduce((sum, e) => sum + (e[place[measure]] ?? Number.POSITIVE_INFINITY) / ends.length, 0),
    }))
    .sort((a, b) => a.x - b.x);
}

export const bestOf = (truth: Truth, measure: Measure): Point =>
  curveOf(truth, measure).reduce((a, b) => (b.y < a.y ? b : a));

/** Between two rates of the grid the loss is taken as linear in log rate; beyond its ends as it is there. */
export function scoreRate(truth: Truth, measure: Measure, rate: number): Score {
  const curve = curveOf(truth, measure);
  const best = bestOf(truth, measure);
  const start = truth.start[place[measure]];
  const x = Math.log2(rate);
  const above = curve.findIndex((p) => p.x >= x - 1e-9);
  const [a, b] = [
    curve[above < 0 ? curve.length - 1 : Math.max(0, above - 1)]!,
    curve[above < 0 ? curve.length - 1 : above]!,
  ];
  const share = b.x === a.x ? 1 : Math.min(1, Math.max(0, (x - a.x) / (b.x - a.x)));
  const loss = share > 0.999 ? b.y : share < 0.001 ? a.y : a.y + share * (b.y - a.y);
  const lost = (loss - best.y) / (start - best.y);
  // beyond the ends of the grid nothing is known
  const between = curve.filter((p) => Math.abs(p.x - x) <= 1 - STEP);
  const told = (p: Point): boolean => toldApart(truth, measure, { at: p.x, best: best.x });
  const alike = lost <= ALIKE.lost && between.length > 0 && !between.some(told);
  return { ratio: 2 ** (x - best.x), lost, alike };
}

/** The loss is higher at one rate (log₂) than at the best by more than its seeds explain. */
function toldApart(
  { rates }: Truth,
  measure: Measure,
  { at, best }: { readonly at: number; readonly best: number },
): boolean {
  const ends = (x: number): number[] =>
    rates[String(2 ** x)]!.map((e) => e[place[measure]] ?? Number.POSITIVE_INFINITY);
  const reference = ends(best);
  const apart = ends(at).map((y, i) => y - reference[i]!);
  const n = apart.length;
  const mean = apart.reduce((a, b) => a + b, 0) / n;
  if (!Number.isFinite(mean)) return true;
  const variance = apart.reduce((a, d) => a + (d - mean) ** 2, 0) / (n - 1);
  return mean > tPoint(n - 1, 2 * ALIKE.error) * Math.sqrt(variance / n);
}

/** What a whole grid with one seed of the truth chooses, held against the means of the other seeds. */
export function scoreGrids(truth: Truth, measure: Measure): { rate: number; best: number; score: Score }[] {
  const only = (keep: (seed: number) => boolean): Truth => ({
    ...truth,
    rates: Object.fromEntries(
      Object.entries(truth.rates).map(([rate, ends]) => [rate, ends.filter((_, i) => keep(i))]),
    ),
  });
  const seeds = Object.values(truth.rates)[0]!.map((_, i) => i);
  return seeds.map((seed) => {
    const rate =
      2 **
      bestOf(
        only((i) => i === seed),
        measure,
      ).x;
    const others = only((i) => i !== seed);
    return { rate, best: 2 ** bestOf(others, measure).x, score: scoreRate(others, measure, rate) };
  });
}
