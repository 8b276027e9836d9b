/** Two-sided 95 % points of Student's t (any table of the distribution), by degrees of freedom from 1. */
const POINTS = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
] as const;

/** Beyond the table 1.96 + 2.4/df is right to three digits. */
export const t95 = (df: number): number => POINTS[df - 1] ?? 1.96 + 2.4 / df;

export interface Mean {
  readonly mean: number;
  /** Standard error; null for one value. */
  readonly se: number | null;
  readonly n: number;
}

/** Null for no values. */
export function meanOf(values: readonly number[]): Mean | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, v) => sum + v / n, 0);
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, se: n < 2 ? null : Math.sqrt(squares / (n - 1) / n), n };
}
