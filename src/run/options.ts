/** Ranges of numbers as the options of optimizers, schedules, clips and surfaces state them. */

export interface Range {
  /** ≥ */
  readonly min?: number;
  /** > */
  readonly above?: number;
  /** ≤ */
  readonly max?: number;
  /** < */
  readonly below?: number;
}

/** Finite, and between the ends. */
export const isInRange = (
  v: number,
  { min = -Infinity, above = -Infinity, max = Infinity, below = Infinity }: Range,
): boolean => Number.isFinite(v) && v >= min && v > above && v <= max && v < below;

/** "> 0 and ≤ 1", or "" */
export const showBounds = ({ above, min, max, below }: Range): string =>
  [
    above === undefined ? [] : [`> ${above}`],
    min === undefined ? [] : [`≥ ${min}`],
    max === undefined ? [] : [`≤ ${max}`],
    below === undefined ? [] : [`< ${below}`],
  ]
    .flat()
    .join(" and ");

/** "in [0, 1)" where there are two ends; else as `showBounds`. */
export function showRange(range: Range): string {
  const low = range.above ?? range.min;
  const high = range.below ?? range.max;
  if (low === undefined || high === undefined) return showBounds(range);
  return `in ${range.above === undefined ? "[" : "("}${low}, ${high}${range.below === undefined ? "]" : ")"}`;
}
