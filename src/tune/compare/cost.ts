/** What a comparison cost, and what it would have cost without a search. */
import type { CompareResult } from "./compare.ts";
import { STEP } from "./rates.ts";
import { triedSpan } from "./summary.ts";

/** Both in trainings of the whole run. */
export interface CompareCost {
  /** Parts of trainings in searches, rates around what they found, further seeds and fresh ones. */
  readonly trainings: number;
  /**
   * An exhaustive grid: each optimizer at rates a factor of two apart over all that its search looked at, with as many seeds as
   * chose here, and the same race. Null where the rates were listed.
   */
  readonly grid: number | null;
}

export function costOf({ contestants, seeds, halved, race }: CompareResult): CompareCost {
  const judging = race?.trainings ?? 0;
  const trainings = contestants.reduce(
    (n, c) => n + (c.search?.cost ?? 0) + c.rates.reduce((k, r) => k + r.finals.length, 0),
    (halved?.trainings ?? 0) + judging,
  );
  if (contestants.every((c) => c.search === null)) return { trainings, grid: null };
  const choosing = seeds.length + (halved?.seeds ?? 0);
  const rates = contestants.reduce((n, c) => {
    const [lowest, highest] = triedSpan(c);
    return n + 1 + Math.round(Math.log2(highest / lowest) / Math.log2(STEP));
  }, 0);
  return { trainings, grid: rates * choosing + judging };
}
