/**
 * What ships elsewhere, re-implemented with its defaults, as verdicts. Neither system says anything about a learning
 * rate, so each is given the most favourable mapping of its outcomes to the four verdicts: for every outcome, the
 * label that is most frequent among the labelled runs having it (the mapping is fitted on the runs it is scored on).
 */
import type { RunLog } from "../src/run/log.ts";
import { seriesOf } from "../src/run/log.ts";

export interface Baseline {
  readonly name: string;
  /** A short name of what the rules said about the run. */
  outcome(log: RunLog): string;
}

/** Loss at the last step of a window of `numSteps` against the one before: any decrease passes (diff_percent unset). */
export function lossNotDecreasing(loss: Float64Array, numSteps = 10): number {
  let fired = 0;
  for (let i = numSteps; i < loss.length; i += numSteps) if (!(loss[i]! < loss[i - numSteps]!)) fired++;
  return fired;
}

/** NaN or infinity in any tensor (only_nan = False). */
export function explodingTensor(...tensors: (Float64Array | undefined)[]): boolean {
  return tensors.some((t) => t?.some((v) => !Number.isFinite(v)) ?? false);
}

/**
 * Lightning's SpikeDetection: running mean over the last `window` batches, after `warmup` of them; a spike when the
 * value rose and is atol or rtol · mean away from the mean (atol None, rtol 2.0), or is not finite (finite_only).
 */
export function spikeDetection(loss: Float64Array, window = 10, warmup = 1, rtol = 2): number {
  let spikes = 0;
  for (let i = warmup; i < loss.length; i++) {
    const recent = loss.subarray(Math.max(0, i - window), i);
    const mean = recent.reduce((a, v) => a + v, 0) / recent.length;
    if (
      !Number.isFinite(loss[i]!) ||
      (loss[i]! > loss[i - 1]! && Math.abs(loss[i]! - mean) >= rtol * Math.abs(mean))
    )
      spikes++;
  }
  return spikes;
}

const lossOf = (log: RunLog): Float64Array => seriesOf(log, "loss")?.values ?? new Float64Array(0);

export const BASELINES: readonly Baseline[] = [
  {
    name: "SageMaker LossNotDecreasing + ExplodingTensor",
    outcome: (log) =>
      explodingTensor(lossOf(log), seriesOf(log, "gradNorm")?.values)
        ? "ExplodingTensor"
        : lossNotDecreasing(lossOf(log)) > 0
          ? "LossNotDecreasing"
          : "no issue",
  },
  {
    name: "Lightning SpikeDetection",
    outcome: (log) => (spikeDetection(lossOf(log)) > 0 ? "spike" : "no spike"),
  },
];
