/** Probabilities → the verdicts that are left, and how sure it is that the right one is among them. */
import type { RateVerdict } from "./types.ts";

/** The classes from low to high, in the order of the fitted model. */
export const CLASSES: readonly RateVerdict[] = ["too-low", "good", "slightly-high", "too-high"];

/** From here on one word is right nine times in ten on families left out (docs/diagnosis.md has the table). */
export const ONE_WORD = 0.8;
/** What a set of several must reach; verdicts are added to it, the likeliest first, until it does. Mostly two do. */
const SEVERAL = 0.7;

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
  return { verdicts: taken.map((k) => CLASSES[k]!), confidence: Number(Math.min(1, sum).toFixed(3)) };
}
