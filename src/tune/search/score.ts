/** How a training's losses make its score: the same for run files, other people's programs and trainings of the past. */
import { mean } from "../../run/mean.ts";

/** Share of the steps so far, at their end, whose losses make the score. */
export const SCORED_SHARE: number = 1 / 5;
/** A loss that has risen above its start by so many times its size is lost. */
const LOST = 2;

/** The first of `steps` losses that make the score; the last one does in any case. */
const scoredFrom = (steps: number): number =>
  Math.max(0, Math.min(steps - 1, Math.floor((1 - SCORED_SHARE) * steps)));

/** Is a step among those that make the score after `steps`? Counted from 1. */
export const isScored = (step: number, steps: number): boolean => step <= steps && step > scoredFrom(steps);

/** Mean of the last fifth of the first `steps` losses. */
export const scoreOf = (losses: readonly number[], steps: number = losses.length): number =>
  mean(losses.slice(scoredFrom(steps), steps));

/** A held-out loss this share below that of a model which has learnt nothing is no chance. */
const LEARNT = 0.03;

/** Does a held-out loss say that something was learnt that holds for other rows? `untrained`: the loss where nothing was. */
export const hasLearnt = (heldOut: number, untrained: number): boolean =>
  heldOut < untrained - LEARNT * Math.abs(untrained);

/** Has a score risen so far above where trainings begin that they won't come back? */
export const isLost = (score: number, start: number): boolean => score > start + LOST * Math.abs(start);
