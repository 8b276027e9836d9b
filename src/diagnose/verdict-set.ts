/** Probabilities → the verdicts that are left, and how sure it is that the right one is among them. */
import type { RateVerdict } from "./types.ts";

/** The classes from low to high, in the order of the fitted model. */
export const CLASSES: readonly RateVerdict[] = ["too-low", "good", "slightly-high", "too-high"];

/** From here on one word is right nineteen times in twenty on families left out (docs/diagnosis.md has the table). */
export const ONE_WORD = 0.83;
/** The confidence from which a log of few points gets an answer: on families left out nine of ten are right. */
export const SURE_ENOUGH = 0.75;
/** What a set of several must reach; verdicts are added to it, the likeliest first, until it does. Mostly two do. */
const SEVERAL = 0.6;

/**
 * The model's share for a set of several, and the share of such sets that held the right verdict in nine of ten families
 * left out of the fit. A single word needs no such correction.
 */
const IN_NINE_FAMILIES: readonly (readonly [model: number, right: number])[] = [
  [0, 0],
  [0.66, 0.53],
  [0.73, 0.59],
  [0.78, 0.66],
  [0.83, 0.72],
  [0.875, 0.75],
  [0.915, 0.83],
  [0.94, 0.85],
  [0.96, 0.92],
  [0.975, 0.95],
  [0.985, 0.98],
  [1, 0.995],
];

function inNineFamilies(share: number): number {
  const x = Math.min(1, share);
  const k = IN_NINE_FAMILIES.findIndex(([model]) => model >= x);
  if (k < 1) return 0;
  const [[x0, y0], [x1, y1]] = [IN_NINE_FAMILIES[k - 1]!, IN_NINE_FAMILIES[k]!];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

export interface VerdictSet {
  /** The likeliest first. */
  readonly verdicts: readonly RateVerdict[];
  readonly confidence: number;
}

export function verdictSet(p: readonly number[]): VerdictSet {
  const order = CLASSES.map((_, k) => k).sort((a, b) => p[b]! - p[a]!);
  const taken: number[] = [];
  let sum = 0;
  for (const k of order) {
    taken.push(k);
    sum += p[k]!;
    if (sum >= (taken.length === 1 ? ONE_WORD : SEVERAL)) break;
  }
  const confidence = taken.length === 1 ? Math.min(1, sum) : inNineFamilies(sum);
  return { verdicts: taken.map((k) => CLASSES[k]!), confidence: Number(confidence.toFixed(3)) };
}
