/** Batches that double at even distances over a run, as a run file says it. */
import { batchSizesOf } from "steepest/data";

export interface Growing {
  readonly sizes: readonly number[];
  /** Steps at which they begin. */
  readonly starts: readonly number[];
}

/** Rows. */
const FIRST = 32;

export function growing(times: number, steps: number): Growing | null {
  if (times === 0) return null;
  const sizes = Array.from({ length: times + 1 }, (_, i) => FIRST * 2 ** i);
  return { sizes, starts: sizes.map((_, i) => Math.round((i * steps) / sizes.length)) };
}

/** Rows of each step's batch. */
export const sizesOf = (plan: Growing, steps: number): number[] =>
  batchSizesOf(plan, steps).map((s) => s.batchSize);
