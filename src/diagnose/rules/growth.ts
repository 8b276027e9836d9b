/** The rate of a clean divergence, and how far the learning rate must fall (quadratic theory). */
import type { Context } from "../context.ts";
import { madSigma, median } from "../stats.ts";

export interface Growth {
  /** Ratio of successive losses per step. */
  readonly ratio: number;
  /** Divide the rate by this to reach the edge of stability: (1 + √ratio) / 2. */
  readonly edge: number;
  readonly points: number;
}

/**
 * One unstable mode of curvature λ under plain gradient descent multiplies the loss by (ηλ − 1)² a step, so a loss
 * ratio r means ηλ = 1 + √r and the rate must fall by (1 + √r)/2. Claimed only for a clean rise: at least five
 * logged steps in a row, one apart, with nearly equal ratios.
 */
export function growth(c: Context): Growth | null {
  const n = c.loss.length;
  let from = n - 1;
  while (
    from > 0 &&
    c.loss[from - 1]! > 0 &&
    c.loss[from]! > c.loss[from - 1]! &&
    c.steps[from]! - c.steps[from - 1]! === 1
  )
    from--;
  if (n - 1 - from < 5) return null;
  const ratios = c.log.subarray(from + 1).map((v, i) => v - c.log[from + i]!);
  const tail = ratios.subarray(Math.floor(ratios.length / 2)); // the unstable mode dominates late
  const logRatio = median(tail);
  if (!(logRatio > 0.01) || madSigma(tail) > 0.1 * logRatio) return null;
  const ratio = Math.exp(logRatio);
  return { ratio, edge: (1 + Math.sqrt(ratio)) / 2, points: n - 1 - from };
}
