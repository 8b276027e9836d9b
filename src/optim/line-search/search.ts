import type { Objective, Point } from "./objective.ts";
import { along, dot, largest } from "./vector.ts";

/** A step along d that a search settled on. */
export interface Step {
  readonly t: number;
  readonly point: Point;
  readonly evaluations: number;
  /** Did it meet the search's condition, or is it the best that was found? */
  readonly satisfied: boolean;
}

/** Looks from `from` along the descent direction d, starting with the step t. */
export type LineSearch = (objective: Objective, from: Point, d: Float64Array, t: number) => Step;

/** Takes t as it is. */
export const fixedStep: LineSearch = (objective, from, d, t) => ({
  t,
  point: objective.evaluate(along(from.x, t, d)),
  evaluations: 1,
  satisfied: true,
});

/** Options of `backtracking`. Defaults: `c` 1e-4, `tau` 0.5, `maxSteps` 60. */
export interface BacktrackingOptions {
  /** Share of the decrease the slope promises that is asked for. */
  readonly c?: number;
  /** Factor on a step that is too long. */
  readonly tau?: number;
  readonly maxSteps?: number;
}

/** Shortens t until f(x + td) ≤ f(x) + c·t·⟨g, d⟩ (Armijo 1966). A NaN or infinite loss is too long a step. */
export const backtracking =
  ({ c = 1e-4, tau = 0.5, maxSteps = 60 }: BacktrackingOptions = {}): LineSearch =>
  (objective, from, d, start) => {
    const slope = dot(from.gradient, d);
    let t = start;
    for (let tried = 1; tried <= maxSteps; tried++, t *= tau) {
      const point = objective.evaluate(along(from.x, t, d));
      if (point.value <= from.value + c * t * slope) return { t, point, evaluations: tried, satisfied: true };
    }
    const point = objective.evaluate(along(from.x, t, d));
    return { t, point, evaluations: maxSteps + 1, satisfied: false };
  };

/**
 * Options of `strongWolfe`: `c1` is the share of the promised decrease that is asked for, `c2` the share of
 * the slope that may be left. PyTorch's defaults, 1e-4 and 0.9.
 */
export interface StrongWolfeOptions {
  readonly c1?: number;
  readonly c2?: number;
  /** A bracket whose ends move no weight farther apart than this is not cut further. */
  readonly toleranceChange?: number;
  readonly maxSteps?: number;
}

/** A tried step with the slope of the loss along d there. */
interface Trial {
  readonly t: number;
  readonly slope: number;
  readonly point: Point;
}

/** The minimum of the cubic through two trials, kept within [lo, hi]; the middle where it has none. */
function cubicMinimum(a: Trial, b: Trial, lo: number, hi: number): number {
  const d1 = a.slope + b.slope - (3 * (a.point.value - b.point.value)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (lo + hi) / 2;
  const d2 = Math.sqrt(square);
  const [p, q] = a.t <= b.t ? [a, b] : [b, a];
  const at = q.t - (q.t - p.t) * ((q.slope + d2 - d1) / (q.slope - p.slope + 2 * d2));
  return Math.min(Math.max(at, lo), hi);
}

/**
 * A step with f(x + td) ≤ f(x) + c₁t·slope and |slope there| ≤ c₂|slope| (Nocedal & Wright 2006, algorithms 3.5 and
 * 3.6, with cubic interpolation). Bounds and safeguards are those of PyTorch's `strong_wolfe`, so that the same steps
 * are found.
 */
export const strongWolfe =
  ({ c1 = 1e-4, c2 = 0.9, toleranceChange = 1e-9, maxSteps = 25 }: StrongWolfeOptions = {}): LineSearch =>
  (objective, from, d, start) => {
    const slope0 = dot(from.gradient, d);
    const reach = largest(d);
    let evaluations = 0;
    const at = (t: number): Trial => {
      evaluations++;
      const point = objective.evaluate(along(from.x, t, d));
      return { t, point, slope: dot(point.gradient, d) };
    };
    const tooHigh = (trial: Trial): boolean => trial.point.value > from.value + c1 * trial.t * slope0;
    const flat = (trial: Trial): boolean => Math.abs(trial.slope) <= -c2 * slope0;
    const found = (trial: Trial, satisfied: boolean): Step => ({
      t: trial.t,
      point: trial.point,
      evaluations,
      satisfied,
    });

    // lengthen until a minimum is between two trials
    const origin: Trial = { t: 0, slope: slope0, point: from };
    let last = origin;
    let now = at(start);
    let rounds = 0;
    let bracket: [Trial, Trial] | null = null;
    for (; rounds < maxSteps; rounds++) {
      if (tooHigh(now) || (rounds > 1 && now.point.value >= last.point.value)) {
        bracket = [last, now];
        break;
      }
      if (flat(now)) return found(now, true);
      if (now.slope >= 0) {
        bracket = [last, now];
        break;
      }
      const t = cubicMinimum(last, now, now.t + 0.01 * (now.t - last.t), now.t * 10);
      last = now;
      now = at(t);
    }
    const ends = bracket ?? [origin, now];

    // shorten the bracket; `low` is its better end
    const order = (): 0 | 1 => (ends[0].point.value <= ends[1].point.value ? 0 : 1);
    let low = order();
    let stuck = false;
    for (; rounds < maxSteps; rounds++) {
      const [left, right] = [Math.min(ends[0].t, ends[1].t), Math.max(ends[0].t, ends[1].t)];
      if ((right - left) * reach < toleranceChange) break;
      let t = cubicMinimum(ends[0], ends[1], left, right);
      const margin = 0.1 * (right - left);
      const near = Math.min(right - t, t - left) < margin;
      if (near && (stuck || t >= right || t <= left)) {
        t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
        stuck = false;
      } else stuck = near;
      const trial = at(t);
      const high = low === 0 ? 1 : 0;
      if (tooHigh(trial) || trial.point.value >= ends[low].point.value) {
        ends[high] = trial;
        low = order();
      } else {
        if (flat(trial)) return found(trial, true);
        if (trial.slope * (ends[high].t - ends[low].t) >= 0) ends[high] = ends[low];
        ends[low] = trial;
      }
    }
    return found(ends[low], false);
  };
