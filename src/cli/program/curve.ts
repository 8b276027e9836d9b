/** A trial's losses on a scale that all trials of a program share, and what they say after so many steps. */
import { seriesOf } from "../../run/log.ts";
import { mean } from "../../run/mean.ts";
import type { Purpose } from "../../tune/find-lr/run-trials.ts";
import { isLost, SCORED_SHARE } from "../../tune/search/score.ts";
import type { FoundLoss } from "./loss-source.ts";

/** Losses as logged. */
export interface Course {
  /** In the log's own unit, ascending. */
  readonly steps: readonly number[];
  readonly losses: readonly number[];
}

/** What a program trains on, and beside it the loss of held-out rows where it logs that. */
export interface Curve extends Course {
  readonly heldOut?: Course;
}

/** Steps are counted from `origin`, so that the first point stands one interval after it. */
export interface Scale {
  readonly unit: "step" | "epoch" | "row";
  readonly origin: number;
  /** Between two points. */
  readonly interval: number;
}

/** Points before the first mean that may reach a goal. */
const FIRST_MEAN = 20;

const courseOf = ({ steps, values }: FoundLoss["loss"]): Course => ({
  steps: Array.from(steps),
  losses: Array.from(values),
});

export function curveOf({ loss, log }: FoundLoss): Curve {
  const heldOut = loss.role === "loss" ? seriesOf(log, "validation") : null;
  return { ...courseOf(loss), ...(heldOut !== null && { heldOut: courseOf(heldOut) }) };
}

/** What is compared. */
export const judgedCourse = (curve: Curve, by: Purpose): Course =>
  by === "validation" ? (curve.heldOut ?? { steps: [], losses: [] }) : curve;

export function scaleOf({ steps }: Course, unit: Scale["unit"]): Scale {
  const gaps = steps.slice(1).map((step, i) => step - steps[i]!);
  const interval = gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 1;
  return { unit, origin: steps[0]! - Math.max(interval, 0), interval: Math.max(interval, 1e-9) };
}

/** Steps made, on the scale. */
export const stepsOf = ({ steps, heldOut }: Curve, { origin }: Scale): number =>
  steps.length === 0 ? 0 : Math.max(steps.at(-1)!, heldOut?.steps.at(-1) ?? 0) - origin;

/**
 * Mean of the losses over the last fifth of the first `steps` steps; what came later does not count. Infinity where a
 * loss before that was not finite, or that mean is far above `start`, the highest that trainings begin at; NaN where nothing was logged so early.
 */
export function scoreOf(curve: Curve, scale: Scale, steps: number, start: number): number {
  if (curve.losses.slice(0, pointsTo(curve, scale, steps)).some((x) => !Number.isFinite(x)))
    return Number.POSITIVE_INFINITY;
  const score = mean(windowOf(curve, scale, steps));
  return isLost(score, start) ? Number.POSITIVE_INFINITY : score;
}

/** Mean of the held-out losses over the last fifth of the first `steps` steps; Infinity where there is none, or no number. */
export function heldOutScore({ heldOut }: Curve, scale: Scale, steps: number): number {
  const score = heldOut === undefined ? Number.NaN : mean(windowOf(heldOut, scale, steps));
  return Number.isFinite(score) ? score : Number.POSITIVE_INFINITY;
}

/** The losses of the last fifth of the first `steps` steps, at least one; none where nothing was logged so early. */
export function windowOf(curve: Course, scale: Scale, steps: number): number[] {
  const end = pointsTo(curve, scale, steps);
  if (end === 0) return [];
  const last = curve.steps[end - 1]! - scale.origin;
  let begin = end - 1;
  while (begin > 0 && curve.steps[begin - 1]! - scale.origin > last * (1 - SCORED_SHARE)) begin--;
  return curve.losses.slice(begin, end);
}

/** Points within the first `steps` steps. */
function pointsTo(curve: Course, { origin }: Scale, steps: number): number {
  const beyond = curve.steps.findIndex((step) => step - origin > steps + 1e-9);
  return beyond < 0 ? curve.steps.length : beyond;
}

/**
 * Steps after which the score, a mean over their last fifth, was first at or below `goal`; null where it never was. The first
 * points, too few for a mean, don't count.
 */
export function stepsToScore({ steps, losses }: Course, { origin }: Scale, goal: number): number | null {
  const first = Math.min(FIRST_MEAN, Math.ceil(losses.length / 10));
  let [begin, sum] = [0, 0];
  for (let end = 0; end < steps.length; end++) {
    const made = steps[end]! - origin;
    sum += losses[end]!;
    while (begin < end && steps[begin]! - origin <= made * (1 - SCORED_SHARE)) sum -= losses[begin++]!;
    if (end + 1 >= first && sum / (end + 1 - begin) <= goal) return made;
  }
  return null;
}
