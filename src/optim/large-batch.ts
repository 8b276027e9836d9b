/** Which rate, rule and optimizer go with a batch larger than the one the rate was found for. */

import { showWhole } from "../run/show-number.ts";
import type { BatchRule } from "./define.ts";
import { findOptimizer } from "./optimizers.ts";

export type LrRule = BatchRule;

export interface LargeBatchAdvice {
  readonly globalBatch: number;
  /** null when the run file leaves the rate to the range test. */
  readonly lr: number | null;
  readonly rule: LrRule;
  readonly optimizer: string;
  readonly why: string;
}

/** Beyond this the lesson's guide names LAMB (You et al. 2020 trained BERT at 32,868). */
const LAMB_FROM = 32_768;

/**
 * SGD and its momenta: linear (Goyal et al. 2017), damped as the batch nears the noise scale:
 * lr(B)/lr(B₁) = (1 + B_noise/B₁)/(1 + B_noise/B) (McCandlish et al. 2018, section 2.2), which is linear far below it.
 * Adam's family: square root (Malladi et al. 2022; You et al. 2020 for LAMB).
 */
export function largeBatchAdvice(
  globalBatch: number,
  {
    batchSize,
    optimizer,
    lr,
    noiseScale,
  }: { batchSize: number; optimizer: string; lr: number | null; noiseScale: number | null },
): LargeBatchAdvice {
  const growth = globalBatch / batchSize;
  const rule: LrRule = findOptimizer(optimizer).batchRule;
  const isAdaptive = rule === "square-root";
  const damped = noiseScale === null ? growth : (1 + noiseScale / batchSize) / (1 + noiseScale / globalBatch);
  const factor = isAdaptive ? Math.sqrt(damped) : damped;
  const large = globalBatch >= LAMB_FROM && growth > 1;
  const next = large && isAdaptive ? "lamb" : large ? "lars" : optimizer;
  const reasons = [
    growth === 1
      ? "the batch the rate was chosen for"
      : isAdaptive
        ? "the noise of an adaptive update shrinks with the root of the batch"
        : "the noise of the averaged gradient shrinks with the batch",
  ];
  if (growth > 1 && noiseScale !== null && globalBatch > noiseScale)
    reasons.push("beyond the noise scale a larger rate buys little, so the rule is damped");
  if (next !== optimizer)
    reasons.push(
      `at ${showWhole(LAMB_FROM)} rows and more one rate no longer fits every layer: ${next} sets it per tensor`,
    );
  if (growth > 1) reasons.push("warm up over the first steps");
  return {
    globalBatch,
    lr: lr === null ? null : lr * factor,
    rule,
    optimizer: next,
    why: reasons.join("; "),
  };
}
