/** The series of a log that diagnosis reads, on the steps of the loss. */
import { judgedSeries, type RunLog, type Series, seriesOf } from "../run/log.ts";

export interface GatheredRun {
  readonly log: RunLog;
  readonly names: { loss: string; lr: string | null; gradNorm: string | null; validation: string | null };
  readonly steps: Float64Array;
  /** As logged, non-finite values included. */
  readonly loss: Float64Array;
  /** Last known value at each loss step; null when the log has none. */
  readonly lr: Float64Array | null;
  /** Value at each loss step, NaN where none was logged at it; null when the log has none. */
  readonly gradNorm: Float64Array | null;
  readonly epoch: Float64Array | null;
  readonly validation: Series | null;
}

/** Null when the log has no loss series, or an empty one. A log of validation alone is judged by that. */
export function gatherRun(log: RunLog): GatheredRun | null {
  const alone = log.objective === "validation-only";
  const loss = judgedSeries(log);
  if (!loss || loss.steps.length === 0) return null;
  // the best validation loss before there was any
  if (alone && loss.values.every((v) => v === Number.POSITIVE_INFINITY)) return null;
  const [lr, gradNorm, epoch, validation] = (["lr", "gradNorm", "epoch", "validation"] as const).map(
    (role) => {
      const series = seriesOf(log, role);
      return series && series.steps.length > 0 ? series : null;
    },
  ) as [Series | null, Series | null, Series | null, Series | null];
  const { steps } = loss;
  return {
    log,
    names: {
      loss: loss.name,
      lr: lr?.name ?? null,
      gradNorm: gradNorm?.name ?? null,
      validation: alone ? null : (validation?.name ?? null),
    },
    steps,
    loss: loss.values,
    lr: lr && lastKnown(lr, steps),
    gradNorm: gradNorm && sameStep(gradNorm, steps),
    epoch: epoch && lastKnown(epoch, steps),
    validation: alone ? null : validation,
  };
}

/** The series' value at or before each step; its first value before that. */
export function lastKnown(series: Series, steps: Float64Array): Float64Array {
  const out = new Float64Array(steps.length);
  for (let i = 0, j = 0; i < steps.length; i++) {
    while (j + 1 < series.steps.length && series.steps[j + 1]! <= steps[i]!) j++;
    out[i] = series.values[j]!;
  }
  return out;
}

function sameStep(series: Series, steps: Float64Array): Float64Array {
  const out = new Float64Array(steps.length).fill(Number.NaN);
  for (let i = 0, j = 0; i < steps.length; i++) {
    while (j < series.steps.length && series.steps[j]! < steps[i]!) j++;
    // duplicate steps: pair them in order
    if (j < series.steps.length && series.steps[j] === steps[i]) out[i] = series.values[j++]!;
  }
  return out;
}

/**
 * Loss points that are NaNs in disguise: exactly 0 beside a gradient norm logged as NaN. Hugging Face replaces NaN
 * losses by the window's mean of the finite ones, so a window of nothing but NaN prints `loss: 0.0, grad_norm: NaN`.
 */
export function hiddenNans({ log, steps, loss }: GatheredRun): number[] {
  const zeros: number[] = [];
  for (let i = 0; i < loss.length; i++) if (loss[i] === 0) zeros.push(i);
  const gradNorm = zeros.length > 0 ? seriesOf(log, "gradNorm") : null;
  if (!gradNorm) return [];
  const broken = new Set(gradNorm.steps.filter((_, i) => Number.isNaN(gradNorm.values[i]!)));
  return zeros.filter((i) => broken.has(steps[i]!));
}
