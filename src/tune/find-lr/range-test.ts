/**
 * The range test: one step at each of a row of exponentially growing learning rates (Smith 2015, arXiv 1506.01186, made
 * exponential by fastai), and what its curve says: where the loss is lowest, where it starts to rise, where it diverges.
 */
import { mean } from "../../run/mean.ts";

/** Training as the search sees it. */
export interface Stepper {
  /** Back to the start with the initial weights, batches and random numbers of this seed. */
  readonly restart: (seed: number) => void;
  /** One step; returns the loss before it. */
  readonly step: (lr: number, momentum?: number) => number;
}

export interface SweepOptions {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Rates between `from` and `to`, both included. An extended sweep keeps the spacing. */
  readonly iterations: number;
  /** The sweep may go on above `to` up to this, while the loss has not diverged. */
  readonly highest: number;
  readonly momentum?: number | undefined;
  /** Stop where the loss diverges. Default true; without it only a loss that is no number ends the sweep early. */
  readonly stop?: boolean | undefined;
  /** Called after every step; what it returns is waited for. */
  readonly onStep?: () => Promise<void> | undefined;
}

export interface Sweep {
  readonly seed: number;
  readonly lrs: readonly number[];
  /** loss[i] is that of the weights before the step at lrs[i]. The last may be non-finite. */
  readonly losses: readonly number[];
  readonly stopped: "end" | "diverged" | "non-finite";
}

export interface SweepMarks {
  /** The averaged loss at each rate, lag undone; NaN where the average has not got that far. */
  readonly smoothed: readonly number[];
  /** Mean loss before anything moved. */
  readonly start: number;
  readonly lowest: number;
  /** Deviation of the averaged loss that batches alone explain. */
  readonly noise: number;
  /** The loss fell by more than noise does. */
  readonly fell: boolean;
  readonly lrMin: number;
  /** The last rate before the averaged loss rises for good; null when it never does. */
  readonly lrRise: number | null;
  /** From here on half of what had been gained is lost, or the loss is no number; null when that never happens. */
  readonly lrDiverged: number | null;
}

/** The averaging window, as a share of a decade of rates. */
const WINDOW = 0.3;
/** Averaged noise this many deviations deep is what the lowest of a long row of them reaches by chance. */
const CHANCE = 4;

/** Rates per averaging window, at least 3. */
export const windowOf = ({
  from,
  to,
  iterations,
}: Pick<SweepOptions, "from" | "to" | "iterations">): number =>
  Math.max(3, Math.round((WINDOW * (iterations - 1)) / Math.log10(to / from)));

export async function sweep(stepper: Stepper, options: SweepOptions): Promise<Sweep> {
  const { seed, from, to, iterations, highest, momentum, stop = true, onStep } = options;
  const window = windowOf(options);
  const ratio = (to / from) ** (1 / (iterations - 1));
  const lrs: number[] = [];
  const losses: number[] = [];
  const average = movingAverage(window);
  const watch = divergenceWatch(window);
  stepper.restart(seed);
  for (let i = 0; ; i++) {
    const lr = from * ratio ** i;
    if (i >= iterations && lr > highest) return { seed, lrs, losses, stopped: "end" };
    const loss = stepper.step(lr, momentum);
    lrs.push(lr);
    losses.push(loss);
    await onStep?.();
    if (!Number.isFinite(loss)) return { seed, lrs, losses, stopped: "non-finite" };
    if (watch(loss, average(loss)) && stop) return { seed, lrs, losses, stopped: "diverged" };
  }
}

/** Exponential average of mean age window − 1, its bias towards zero divided out. */
function movingAverage(window: number): (x: number) => number {
  const keep = 1 - 1 / window;
  let [sum, weight] = [0, 0];
  return (x) => {
    sum = keep * sum + x;
    weight = keep * weight + 1;
    return sum / weight;
  };
}

/**
 * Says when to stop: every loss of a window lies above the lowest average by four times what has been gained, or most of
 * three windows by half of it. Nothing is compared with zero, so losses may be negative; a spike is too short to count.
 */
function divergenceWatch(window: number): (loss: number, average: number) => boolean {
  const early: number[] = [];
  let [lowest, far, high] = [Number.POSITIVE_INFINITY, 0, 0];
  return (loss, average) => {
    if (early.length < window) early.push(average);
    lowest = Math.min(lowest, average);
    if (early.length < window) return false;
    const first = early[window - 1]!;
    const wobble = CHANCE * (Math.max(...early) - Math.min(...early)) + tiny(first);
    const gained = Math.max(first - lowest, wobble);
    far = loss - lowest > 4 * gained ? far + 1 : 0;
    high = loss - lowest > gained / 2 ? high + 1 : Math.max(0, high - 3);
    return far >= window || high >= 3 * window;
  };
}

/** Differences below this are rounding of a float32 loss. */
const tiny = (loss: number): number => 1e-6 * Math.abs(loss) + Number.MIN_VALUE;

export function readSweep({ lrs, losses, stopped }: Sweep, window: number): SweepMarks {
  const n = stopped === "non-finite" ? losses.length - 1 : losses.length;
  const smoothed = averageWithoutLag(losses.slice(0, n), window);
  const known = smoothed.flatMap((v, i) => (Number.isFinite(v) ? [i] : []));
  const start = mean(losses.slice(0, Math.min(n, window)));
  // an average of a few losses is as noisy as they are
  const settled = known.filter((i) => i >= window);
  let at = settled[0] ?? known[0] ?? 0;
  for (const i of settled) if (smoothed[i]! < smoothed[at]!) at = i;
  const lowest = smoothed[at] ?? Number.NaN;
  // an exponential average of independent values has 1/(2·window − 1) of their variance, a mean of `window` 1/window
  const batch = deviation(losses.slice(0, at + 1));
  const noise = batch / Math.sqrt(2 * window - 1);
  const gained = start - lowest;
  const fell = gained > CHANCE * Math.hypot(noise, batch / Math.sqrt(window)) + tiny(start);
  const lastBelow = (level: number): number => {
    for (let k = known.length - 1; k >= 0; k--) if (smoothed[known[k]!]! <= level) return known[k]!;
    return -1;
  };
  const rise = lastBelow(lowest + Math.max(gained / 10, CHANCE * noise));
  const loss = lastBelow(lowest + Math.max(gained / 2, CHANCE * noise));
  const lastKnown = known.at(-1) ?? -1;
  const broken = stopped === "non-finite" ? (lrs[n] ?? null) : stopped === "diverged" ? lrs[n - 1]! : null;
  return {
    smoothed: lrs.map((_, i) => smoothed[i] ?? Number.NaN),
    start,
    lowest,
    noise,
    fell,
    lrMin: lrs[at] ?? Number.NaN,
    lrRise: rise >= 0 && (rise < lastKnown || broken !== null) ? lrs[rise]! : null,
    lrDiverged: loss < lastKnown ? lrs[loss + 1]! : broken,
  };
}

/** The average at i describes the losses its mean age before: it is put there, between two rates where need be. */
function averageWithoutLag(losses: readonly number[], window: number): number[] {
  const keep = 1 - 1 / window;
  const average = movingAverage(window);
  const at: number[] = [];
  const value: number[] = [];
  let [weight, ages] = [0, 0];
  losses.forEach((loss, i) => {
    ages = keep * (ages + weight);
    weight = keep * weight + 1;
    value.push(average(loss));
    at.push(i - ages / weight);
  });
  let k = 0;
  return losses.map((_, i) => {
    while (k + 1 < at.length && at[k + 1]! < i) k++;
    const [a, b] = [at[k]!, at[k + 1] ?? Number.NaN];
    if (i <= a) return value[k]!;
    return value[k]! + ((value[k + 1] ?? Number.NaN) - value[k]!) * ((i - a) / (b - a));
  });
}

/** Standard deviation of the batches' noise, from neighbours' differences: a trend and a few outliers do not count. */
function deviation(losses: readonly number[]): number {
  const steps = losses
    .slice(1)
    .map((x, i) => Math.abs(x - losses[i]!))
    .sort((a, b) => a - b);
  const median = steps[steps.length >> 1] ?? 0;
  // 1.4826: median absolute deviation to standard deviation of a normal; √2: a difference has twice the variance
  return (1.4826 * median) / Math.SQRT2;
}
