/** Measured numbers as text, and small sums over them. */

import { showValue } from "../plot/numbers.ts";
import { mean } from "../run/mean.ts";

/** Three significant digits. */
export const show = (x: number, digits = 3): string => showValue(x, { digits });

export const fixed = (x: number, decimals: number): string =>
  Number.isFinite(x) ? x.toFixed(decimals) : String(x);

export const percent = (share: number, decimals = 0): string => `${fixed(100 * share, decimals)}%`;

/** 1.5×, 15×, 8,900× */
export const times = (x: number): string => `${show(x, 2)}×`;

/** A count, or that there was none. */
export const orNever = (count: number | null, unit = ""): string =>
  count === null ? "never" : `${show(count, 9)}${unit}`;

export const last = (values: ArrayLike<number>): number => values[values.length - 1]!;

/** The share of the values for which `is` holds. */
export const share = (values: ArrayLike<number>, is: (x: number) => boolean): number =>
  mean(Float64Array.from(values, (x) => (is(x) ? 1 : 0)));

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
};

/** How often a value is larger than the one before it, by more than rounding. */
export const rises = (values: ArrayLike<number>): number => {
  let count = 0;
  for (let i = 1; i < values.length; i++)
    if (values[i]! - values[i - 1]! > 1e-12 * Math.abs(values[i - 1]!)) count++;
  return count;
};

/** n values from `low` to `high` in equal ratios. */
export const ratios = (low: number, high: number, n: number): number[] =>
  Array.from({ length: n }, (_, i) => low * (high / low) ** (i / Math.max(1, n - 1)));
