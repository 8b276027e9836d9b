/** Whether a training has learnt anything, told from its single losses. */
import { mean } from "../../run/mean.ts";
import type { Curve } from "./curve.ts";

/**
 * How far `after` lies below `before`, in standard deviations: of the means, or of the ranks (Mann and Whitney 1947; ties
 * count half), whichever says more. Losses of single samples have a few large ones that drown the mean; `noise` is the
 * standard deviation of a single loss.
 */
export function distanceBelow(before: readonly number[], after: readonly number[], noise: number): number {
  const byMean = (mean(before) - mean(after)) / (noise * Math.sqrt(1 / before.length + 1 / after.length));
  return Math.max(Number.isNaN(byMean) ? 0 : byMean, byRanks(before, after));
}

function byRanks(before: readonly number[], after: readonly number[]): number {
  let above = 0;
  for (const b of before) for (const a of after) above += b > a ? 1 : b === a ? 0.5 : 0;
  const pairs = before.length * after.length;
  return (above - pairs / 2) / Math.sqrt((pairs * (before.length + after.length + 1)) / 12);
}

/** Standard deviation of a single loss: half the variance of the differences of neighbours, in the second half. */
export function noiseOf({ losses }: Curve): number {
  const half = losses.slice(losses.length >> 1);
  const differences = half.slice(1).map((x, i) => x - half[i]!);
  return differences.length < 2 ? 0 : Math.sqrt(mean(differences.map((d) => (d * d) / 2)));
}
