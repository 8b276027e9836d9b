/** A schedule drawn by hand, and what any schedule does to descent with noise. */
import type { Options } from "steepest/optim/schedules";

/** The schedule of the library that a drawing is: corners with lines between them. */
export const DRAWN = "piecewise-interpolate";
/** Corners after the first step. */
const CORNERS = 12;
/** A corner is at least this share of the highest: scales multiply, and nothing follows a zero. */
const MIN_SHARE = 1e-3;

/** Steps of the corners, the first at 0. */
const cornersOf = (steps: number): number[] => {
  const count = Math.min(CORNERS, steps - 1);
  return Array.from({ length: count + 1 }, (_, i) => Math.round((i * (steps - 1)) / count));
};

/** The curve with its corner nearest to `step` moved to `rate`, as that schedule's rate and options. */
export function withCorner(
  lrs: ArrayLike<number>,
  step: number,
  rate: number,
): { readonly lr: number; readonly options: Options } {
  const at = cornersOf(lrs.length);
  const rates = at.map((k) => lrs[k]!);
  let nearest = 0;
  for (let i = 1; i < at.length; i++)
    if (Math.abs(at[i]! - step) < Math.abs(at[nearest]! - step)) nearest = i;
  rates[nearest] = rate;
  const floor = MIN_SHARE * Math.max(...rates);
  const kept = rates.map((r) => Math.max(r, floor));
  const short = (x: number): number => Number(x.toPrecision(3));
  // each scale is of the corner before as it was rounded: errors do not add up
  let value = short(kept[0]!);
  const lr = value;
  const scales = kept.slice(1).map((wanted) => {
    const scale = short(wanted / value);
    value *= scale;
    return scale;
  });
  return { lr, options: { boundaries: at.slice(1), scales } };
}

/** A bowl with a steep and a flat direction, and noise on every slope. */
export const toy = { curvatures: [10, 0.5], start: 1, sigma: 1 } as const;

/**
 * The mean loss of all noisy descents on the toy, before each step and after the last, exactly: with
 * θ ← θ − η(λθ + σξ) the mean square goes m ← (1 − ηλ)²m + η²σ² in each direction, and the loss is ½Σλm. σ² is in
 * proportion to one over the batch, whose `sizes` by step count in the first.
 */
export function meanLosses(lrs: ArrayLike<number>, sizes: ArrayLike<number> | null = null): Float64Array {
  const squares = toy.curvatures.map(() => toy.start ** 2);
  const out = new Float64Array(lrs.length + 1);
  for (let k = 0; k <= lrs.length; k++) {
    out[k] = toy.curvatures.reduce((sum, c, i) => sum + 0.5 * c * squares[i]!, 0);
    if (k === lrs.length) break;
    const lr = lrs[k]!;
    const variance = toy.sigma ** 2 * (sizes === null ? 1 : sizes[0]! / sizes[k]!);
    toy.curvatures.forEach((c, i) => {
      squares[i] = (1 - lr * c) ** 2 * squares[i]! + lr ** 2 * variance;
    });
  }
  return out;
}
