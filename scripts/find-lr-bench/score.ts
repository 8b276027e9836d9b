/** A rate held against the grid of whole trainings. */
import type { Measure, Truth } from "./truth.ts";

export interface Score {
  /** The rate over the best of the grid. */
  readonly ratio: number;
  /** Share of the way from the untrained loss to the best that is lost at this rate; infinite where it diverges. */
  readonly lost: number;
}

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
  return { ratio: 2 ** (x - best.x), lost: (loss - best.y) / (start - best.y) };
}
