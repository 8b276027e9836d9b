/**
 * What a loss curve says about its learning rate, as a few scale-free numbers. Nothing here knows the size of a
 * learning rate, a task or a unit of loss: losses enter as ratios and as fractions of the run's own drop, time as
 * a fraction of the run.
 *
 * The main idea: under a small learning rate, training follows a path and the rate is how fast it is travelled.
 * So time is measured as the cumulative learning rate τ (normalised to end at 1; plain steps when the log has no
 * rate), and the loss at τ = 10^-½ is about where the same run would have ended with a rate √10 smaller. The drops
 * over the last half-decades of τ tell how much another half-decade of rate would still bring.
 */
import {
  autocorrelationAt,
  finiteOnly,
  logLoss,
  madSigma,
  mean,
  median,
  quantile,
  runningMedian,
} from "./stats.ts";

/** Each feature and what it measures; `drop` is first loss minus the lowest level, σ the batch noise late in the run. */
export const FEATURES = {
  final: "log10 of the mean loss over the last tenth / the first loss",
  floor: "log10 of the lowest level / the first loss",
  last: "fall over the last half-decade of travelled rate / drop",
  before: "fall over the half-decade before that / drop",
  trend: "fall over the last 40 % of travelled rate / drop",
  lateSlope: "fall of the log-loss from 65 % to 95 % of the run",
  quick: "fall within the first 2 % of the run / drop",
  halfTime: "log10 of the travelled rate at half the drop",
  rise: "square root of (end − lowest level) / drop",
  jump: "log10 of the highest loss / the first",
  overshoot: "log10 of the highest level (median of 5) / the first",
  peak: "log10 of (highest − first) / drop, plus 1",
  above: "log10 of the share of points above the first loss",
  noise: "log10 of σ / drop",
  noiseGrowth: "log10 of σ / the noise of the first eighth",
  jitter: "log10 of the median step-to-step change / the final loss",
  spiky: "log10 of the 98th percentile of the residual / σ",
  signal: "log10 of net fall / σ",
  earlyBacktrack: "share of the early movement of the log-loss that went up",
  gradEnd: "log10 of the last gradient norm / the first",
  gradPeak: "log10 of the 98th percentile of the gradient norm / the first",
  gradJitter: "log10 of the step-to-step change of the log gradient norm",
  points: "log10 of the number of points, at most 3",
  settled: "fall from the third to the last fifth / its standard error",
  gain: "what √10 more travelled rate would bring, by the slope over the last half-decade / drop",
  gainError: "log10 of the standard error of `gain`",
  decayFall: "fall since the rate was last above 0.7 of its peak / drop",
  rateEnd: "log10 of the mean rate over the last tenth / the peak rate",
  efficiency: "log10 of late fall per rate × squared gradient norm / the early one",
  noiseTrend: "log10 of the scatter about the level, last third / middle third",
  echo: "autocorrelation of the late scatter from one point to the next",
} as const;
export type FeatureName = keyof typeof FEATURES;
export type Features = Readonly<Record<FeatureName, number>>;

export interface FeatureInput {
  /** Steps and losses of the run (or of the part judged); non-finite values are left out. */
  readonly steps: Float64Array;
  readonly loss: Float64Array;
  /** Learning rate at each loss point, or null. Only its shape is used. */
  readonly lr: Float64Array | null;
  readonly gradNorm: Float64Array | null;
}

/** Fewer finite points than this carry no verdict. */
export const MIN_POINTS = 7;
/** Fewer than this need an answer of a confidence of `SURE_ENOUGH`. */
export const FEW_POINTS = 10;

/**
 * The features in the order of `FEATURES`, or null with fewer than `MIN_POINTS` finite points. Rounded to a billionth: sums
 * of numbers of another size end in other last digits, and a tree must not see them.
 */
export function features(input: FeatureInput): Features | null {
  const exact = measure(input);
  return (
    exact &&
    (Object.fromEntries(Object.entries(exact).map(([k, v]) => [k, Math.round(v * 1e9) / 1e9])) as Record<
      FeatureName,
      number
    >)
  );
}

function measure(input: FeatureInput): Features | null {
  const { values: y } = finiteOnly(input.steps, input.loss);
  const n = y.length;
  if (n < MIN_POINTS) return null;
  const time = travelled(input, n);
  const level = runningMedian(y, 5);
  const residual = y.map((v, i) => v - level[i]!);
  const first = startLevel(y);
  const final = mean(y.subarray(n - Math.max(2, Math.floor(n / 10))));
  const lowest = Math.min(...binMedians(y, 20));
  const highest = y.reduce((a, b) => Math.max(a, b));
  const sigma = madSigma(residual.subarray(n >> 1)) || 1e-9 * Math.abs(first) || 1e-300;
  const earlySigma = madSigma(residual.subarray(0, Math.max(10, n >> 3))) || sigma;
  const drop = Math.max(first - lowest, sigma);
  const base = Math.min(lowest, 0);
  const [end, half, tenth] = [1, 10 ** -0.5, 0.1].map((t) => levelAt(y, time, t)) as [number, number, number];
  const log = logLoss(y).values;
  const logAt = (from: number, to = 1): number =>
    median(log.subarray(Math.floor(n * from), Math.floor(n * to)));
  const fall = (a: number, b: number): number => clamp((a - b) / drop, -1, 1);
  const second = Math.floor(n * 0.02);
  const early = log.subarray(0, Math.max(12, n >> 2));
  return {
    final: lowest >= 0 && first > 0 ? ratio(final, first, 2.5) : -clamp((first - final) / drop, -2.5, 2.5),
    floor: ratio(Math.abs(lowest), Math.abs(first), 3),
    last: fall(half, end),
    before: fall(tenth, half),
    trend: fall(levelAt(y, time, 0.6), end),
    lateSlope: clamp(logAt(0.6, 0.7) - logAt(0.9), -2, 2),
    quick: clamp((first - median(y.subarray(second, second + 5))) / drop, -2, 1),
    halfTime: Math.log10(
      Math.max(
        1e-3,
        time[
          Math.max(
            0,
            level.findIndex((v) => v < first - drop / 2),
          )
        ]!,
      ),
    ),
    rise: Math.sqrt(clamp((final - lowest) / drop, 0, 9)),
    jump: Math.max(0, ratio(highest - base, first - base, 4)),
    overshoot: Math.max(0, ratio(level.reduce((a, b) => Math.max(a, b)) - base, first - base, 4)),
    peak: Math.max(0, ratio(highest - first, drop, 4) + 1),
    above: ratio(y.reduce((c, v) => c + Number(v > first + 3 * earlySigma), 0) + 0.3, n, 3),
    noise: ratio(sigma, drop, 4),
    noiseGrowth: ratio(sigma, earlySigma, 3),
    jitter: ratio(median(y.subarray(1).map((v, i) => Math.abs(v - y[i]!))), Math.abs(final) || drop, 4),
    spiky: ratio(quantile(residual.map(Math.abs), 0.98), sigma, 3),
    signal: clamp(Math.log10(Math.max(first - end, 0) / sigma + 0.1), -1, 3),
    earlyBacktrack: shareUp(binMedians(early, Math.max(4, Math.min(40, n >> 4)))),
    ...gradientFeatures(input.gradNorm),
    points: Math.min(3, Math.log10(n)),
    settled: settled(y),
    ...outlook(y, time, drop),
    ...scheduleFeatures(input, y, drop),
    efficiency: efficiency(input, level),
    noiseTrend: ratio(
      madSigma(residual.subarray(Math.floor((2 * n) / 3))),
      madSigma(residual.subarray(Math.floor(n / 3), Math.floor((2 * n) / 3))),
      2,
    ),
    echo: autocorrelationAt(residual.subarray(n >> 1), 1),
  };
}

/** The straight line of loss over log travelled rate through the last half-decade, carried on by as much again. */
function outlook(y: Float64Array, time: Float64Array, drop: number): Pick<Features, "gain" | "gainError"> {
  const from = Math.max(0, Math.min(firstAbove(time, 10 ** -0.5), y.length - 10));
  const u = time.subarray(from).map(Math.log10);
  const v = y.subarray(from);
  const [mu, mv] = [mean(u), mean(v)];
  let [uu, uv] = [0, 0];
  for (let i = 0; i < u.length; i++) {
    uu += (u[i]! - mu) ** 2;
    uv += (u[i]! - mu) * (v[i]! - mv);
  }
  const slope = uu > 0 ? uv / uu : 0;
  const scatter = madSigma(v.map((x, i) => x - mv - slope * (u[i]! - mu)));
  return {
    gain: clamp((-slope * 0.5) / drop, -2, 2),
    gainError: ratio((0.5 * scatter) / Math.sqrt(uu || 1), drop, 4),
  };
}

/** What the decay of the rate has brought; neutral without a logged rate. */
function scheduleFeatures(
  { loss, lr }: FeatureInput,
  y: Float64Array,
  drop: number,
): Pick<Features, "decayFall" | "rateEnd"> {
  if (!lr || lr.length !== loss.length || !lr.every((v) => Number.isFinite(v) && v >= 0))
    return { decayFall: -2, rateEnd: 1 };
  const rate = lr.filter((_, i) => Number.isFinite(loss[i]!));
  const n = Math.min(rate.length, y.length);
  const peak = rate.reduce((a, b) => Math.max(a, b), 0);
  let high = n - 1;
  while (high > 0 && rate[high]! < 0.7 * peak) high--;
  const tenth = Math.max(5, Math.floor(n / 10));
  const before = median(y.subarray(Math.max(0, high - tenth), high + 1));
  return {
    decayFall: high > n - tenth ? 0 : clamp((before - median(y.subarray(n - tenth))) / drop, -1, 1),
    rateEnd: ratio(mean(rate.subarray(n - tenth)), peak, 4),
  };
}

/** A small step along the gradient g at rate η lowers the loss by η‖g‖²: how much of that was had, late against early. */
function efficiency({ steps, loss, lr, gradNorm }: FeatureInput, level: Float64Array): number {
  const n = loss.length;
  if (!gradNorm || n !== level.length || n < MIN_POINTS) return 2;
  const had = (a: number, b: number): number => {
    let owed = 0;
    for (let i = a; i < b; i++) {
      const g = gradNorm[i]!;
      if (Number.isFinite(g))
        owed += (lr?.[i] ?? 1) * g * g * Math.max(1, steps[Math.min(i + 1, n - 1)]! - steps[i]!);
    }
    return owed > 0 ? (level[a]! - level[b]!) / owed : 0;
  };
  const early = had(0, n >> 2);
  const late = had(n >> 1, n - 1);
  return early > 0 ? ratio(Math.max(late, 0), early, 3) : -3;
}

/** Whether the loss still falls late in the run by more than its noise: a t-statistic, within ±20. */
function settled(y: Float64Array): number {
  const part = (from: number): Float64Array =>
    y.subarray(Math.floor(y.length * from), Math.floor(y.length * (from + 0.2)));
  const [early, late] = [part(0.4), part(0.8)];
  const error = Math.hypot(madSigma(early), madSigma(late)) / Math.sqrt(early.length);
  const fall = mean(early) - mean(late);
  return error > 0 ? clamp(fall / error, -20, 20) : 20 * Math.sign(fall);
}

/** Neutral values stand in for a log without gradient norms. */
function gradientFeatures(
  gradNorm: Float64Array | null,
): Pick<Features, "gradEnd" | "gradPeak" | "gradJitter"> {
  const g = (gradNorm ?? new Float64Array(0)).filter((v) => Number.isFinite(v) && v >= 0);
  if (g.length < MIN_POINTS) return { gradEnd: 0, gradPeak: 0, gradJitter: -1 };
  const first = median(g.subarray(0, 3));
  const log = g.map((v) => Math.log(v + 1e-30));
  return {
    gradEnd: ratio(median(g.subarray(g.length - Math.max(3, Math.floor(g.length / 10)))), first, 3),
    gradPeak: ratio(quantile(g, 0.98), first, 3),
    gradJitter: Math.log10(madSigma(log.subarray(1).map((v, i) => v - log[i]!)) + 1e-3),
  };
}

/** The loss before training: the first value, helped against batch noise by its neighbours while they are near it. */
function startLevel(y: Float64Array): number {
  const near = median(y.subarray(0, 5));
  return Math.abs(near - y[0]!) <= 0.3 * Math.abs(y[0]!) ? Math.max(near, y[0]!) : y[0]!;
}

/** Cumulative learning rate up to and including each finite loss point, ending at 1. */
function travelled({ steps, loss, lr }: FeatureInput, n: number): Float64Array {
  const usable = lr !== null && lr.length === loss.length && lr.every((v) => Number.isFinite(v) && v >= 0);
  const out = new Float64Array(n);
  let total = 0;
  for (let i = 0, j = 0; i < loss.length; i++) {
    if (!Number.isFinite(loss[i]!) || !Number.isFinite(steps[i]!)) continue;
    const gap = i === 0 ? 1 : Math.max(0, steps[i]! - steps[i - 1]!) || 1;
    total += gap * (usable ? lr[i]! : 1);
    out[j++] = total;
  }
  return total > 0 && Number.isFinite(total) ? out.map((v) => v / total) : out.map((_, i) => (i + 1) / n);
}

/** Median loss around travelled time t: within ±12 % of it, at least five points. */
function levelAt(y: Float64Array, time: Float64Array, t: number): number {
  let from = firstAbove(time, t * 0.88);
  let to = Math.max(firstAbove(time, Math.min(1, t * 1.12)), from);
  while (to - from < 5) {
    if (from > 0) from--;
    if (to < y.length) to++;
  }
  return median(y.subarray(from, to));
}

/** The first point at or after t, where sums that were rounded otherwise may fall short of it. */
function firstAbove(time: Float64Array, t: number): number {
  let low = 0;
  let high = time.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (time[mid]! < t * (1 - 1e-9)) low = mid + 1;
    else high = mid;
  }
  return low;
}

function binMedians(y: Float64Array, bins: number): number[] {
  const size = y.length / bins;
  return Array.from({ length: bins }, (_, k) => {
    const from = Math.floor(k * size);
    return median(y.subarray(from, Math.max(Math.floor((k + 1) * size), from + 1)));
  });
}

/** Upward movement as a share of all movement: 0 for a monotone fall, ½ for noise about a level. */
function shareUp(levels: readonly number[]): number {
  let up = 0;
  let all = 0;
  for (let i = 1; i < levels.length; i++) {
    const change = levels[i]! - levels[i - 1]!;
    all += Math.abs(change);
    if (change > 0) up += change;
  }
  return all > 0 ? up / all : 0;
}

function clamp(x: number, low: number, high: number): number {
  return Number.isNaN(x) ? low : Math.min(high, Math.max(low, x));
}

/** log10 of a ratio of non-negative numbers, within ±`limit`. */
function ratio(a: number, b: number, limit: number): number {
  if (a <= 0) return b <= 0 ? 0 : -limit;
  return b <= 0 ? limit : clamp(Math.log10(a) - Math.log10(b), -limit, limit);
}
