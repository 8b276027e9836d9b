/** Every rule, in the order in which findings are listed; of two that alert to the same, the first one does. */

import { divergence } from "./divergence.ts";
import { earlyJump } from "./early-jump.ts";
import { clipping, explodingGradient, lossScale, vanishingGradient } from "./gradients.ts";
import { batchOutliers, lossSpike, recurrentSpikes } from "./loss-spike.ts";
import { earlyDecay, shortWarmup } from "./lr-schedule.ts";
import { rateReset, zeroLoss, zeroRate } from "./lr-value.ts";
import { hiddenNan, nanIterations, nonFinite, numerical } from "./non-finite.ts";
import { chanceLevel, targetVariance, warmupUnfinished, zeroGradient } from "./not-learning.ts";
import { dataOrder, oscillation } from "./oscillation.ts";
import { plateau } from "./plateau.ts";
import { noiseFloor, slowProgress } from "./progress.ts";
import { restsHigh } from "./rests-high.ts";
import { optimizerStateLost } from "./resume.ts";
import type { Rule } from "./rule.ts";
import { epochStaircase, objectiveChange } from "./shifts.ts";
import { nearLimit } from "./stability.ts";
import { loggingArtefact, overfitting, validationDivergence } from "./validation.ts";
import { gradientsNotZeroed, softmaxTwice, summedLoss } from "./wiring.ts";

/** The table of rules, one row each. */
export const rules: readonly Rule[] = [
  hiddenNan,
  nonFinite,
  numerical,
  nanIterations,
  zeroLoss,
  zeroRate,
  divergence,
  earlyJump,
  rateReset,
  optimizerStateLost,
  recurrentSpikes,
  lossSpike,
  batchOutliers,
  explodingGradient,
  vanishingGradient,
  lossScale,
  clipping,
  nearLimit,
  objectiveChange,
  epochStaircase,
  dataOrder,
  oscillation,
  zeroGradient,
  chanceLevel,
  targetVariance,
  plateau,
  restsHigh,
  slowProgress,
  noiseFloor,
  validationDivergence,
  overfitting,
  loggingArtefact,
  shortWarmup,
  warmupUnfinished,
  earlyDecay,
  gradientsNotZeroed,
  summedLoss,
  softmaxTwice,
];
export type { AlertEvent, Need, Rule } from "./rule.ts";
