/** From measurements to an answer: a rate with reasons and doubts, or a refusal that says what to do. */

import { HIGHEST, mean, type Sweep, type SweepMarks } from "./range-test.ts";
import { type ShortRun, stretchOf } from "./short-runs.ts";
import type { Check, Confidence, Refusal, Stretch } from "./types.ts";

export interface Refused {
  readonly refusal: Refusal;
  readonly reason: string;
}

export interface Found {
  /** The peak rate. */
  readonly rate: number;
  /** Of each seed that was used. */
  readonly rates: readonly number[];
  readonly stretch: Stretch;
}

/** A run's rate lies within these shares of the rate where short runs get worse: "ten times smaller", and half. */
const LOWEST_SHARE = 1 / 10;
const HIGHEST_SHARE = 1 / 2;
/** How the best rate falls with the length of the run: measured on the runs of docs/find-lr.md, between 0 and the √k. */
const LENGTH_EXPONENT = 1 / 5;
/** A dip counts as another valley when the loss rose by this share of the gain in between. */
const BARRIER = 0.5;
/** Training at the edge of stability goes on at a rate a little beyond the limit (Cohen et al. 2021, arXiv 2103.00065). */
const BEYOND = 1.25;
/** Seeds that differ by more than this factor do not measure the same thing. */
const DISAGREE = 10;

export const geometricMean = (xs: readonly number[]): number => Math.exp(mean(xs.map(Math.log)));
export const spreadOf = (xs: readonly number[]): [number, number] => [Math.min(...xs), Math.max(...xs)];
const most = (xs: readonly boolean[]): boolean => 2 * xs.filter(Boolean).length > xs.length;
const show = (x: number): string => String(Number(x.toPrecision(2)));

/** Whether the sweeps say anything at all; null when they do. */
export function refuseSweeps(
  sweeps: readonly Sweep[],
  marks: readonly SweepMarks[],
  window: number,
): Refused | null {
  const [first, last] = [sweeps[0]!.lrs[0]!, Math.max(...sweeps.map((s) => s.lrs.at(-1)!))];
  if (sweeps.some((s) => !Number.isFinite(s.losses[0]!))) {
    return {
      refusal: "not-finite",
      reason:
        "the loss is no number before the first step, so no learning rate can help: look for NaN or extreme values in the data, and at the initial weights and the loss",
    };
  }
  if (most(sweeps.map((s) => s.stopped !== "end" && s.lrs.length <= 3 * window))) {
    return {
      refusal: "diverged-at-once",
      reason: `the loss rises from the lowest rate on, ${show(first)}: begin lower (--from ${show(first / 1e4)})`,
    };
  }
  if (most(marks.map((m) => !m.fell))) {
    const gain = mean(marks.map((m) => m.start - m.least));
    return {
      refusal: "flat",
      reason: `no rate from ${show(first)} to ${show(last)} lowers the loss by more than its noise (gain ${show(gain)}, noise ${show(mean(marks.map((m) => m.noise)))}): ${
        last < HIGHEST / 2 && sweeps.every((s) => s.stopped === "end")
          ? `these rates may be too low (--to ${show(last * 1e3)}), or `
          : ""
      }the model is trained already, its gradient does not reach the weights, or batches are too small to tell`,
    };
  }
  if (most(marks.map((m) => m.fell && (m.lrRise === null || m.lrDiverged === null)))) {
    return {
      refusal: "never-diverged",
      reason: `the loss has not risen up to ${show(last)}, so there is no edge to stay away from${last < HIGHEST / 2 ? `: go on higher (--to ${show(last * 1e3)})` : ": this loss puts no limit on the rate (separable classes and scale-free models do not); choose one by training, e.g. with steepest compare"}`,
    };
  }
  if (most(marks.map((m) => valleys(m) > 1))) {
    return {
      refusal: "several-valleys",
      reason:
        "the loss falls, rises by more than half of its gain and falls again as the rate grows: there are several ranges that work, and one sweep can't rank them; narrow it down with --from and --to",
    };
  }
  return null;
}

/** Valleys of the averaged loss that are deep enough and parted by a barrier that is high enough. */
export function valleys({ smoothed, least, start, noise }: SweepMarks): number {
  const bar = Math.max(BARRIER * (start - least), 6 * noise);
  const values = smoothed.filter(Number.isFinite);
  let [count, low, high, falling] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (const v of values) {
    [low, high] = [Math.min(low, v), Math.max(high, v)];
    if (falling && v > low + bar) {
      if (low < start - bar) count++;
      [falling, high] = [false, v];
    } else if (!falling && v < high - bar) [falling, low] = [true, v];
  }
  return falling && low < start - bar ? count + 1 : count;
}

/**
 * The rate from the short runs. Each seed has a stretch of good rates. Of a run k times as long the lower end of the
 * stretch lies k times lower, if loss depends on rate × steps alone, and the upper end where it is: the middle moves by
 * √k. But the longer run's loss goes on falling at the upper end as well, and takes most of that back.
 */
export function chooseRate(
  runs: readonly ShortRun[],
  marks: readonly SweepMarks[],
  { steps, totalSteps }: { steps: number; totalSteps: number },
): Found | Refused {
  const stretches = marks.map(({ start }, s) => stretchOf(runs, s, start));
  if (stretches.some((s) => s.high === null)) {
    return {
      refusal: "never-diverged",
      reason: `in ${steps} steps at one rate the loss gets worse at none up to ${show(runs.at(-1)!.lr)}, so there is no edge to stay away from`,
    };
  }
  const longer = Math.max(1, totalSteps / steps) ** LENGTH_EXPONENT;
  const ends = stretches.map(({ low, high }) => ({ low: low ?? runs[0]!.lr, high: high! }));
  const rates = ends.map(({ low, high }, s) =>
    Math.min(
      HIGHEST_SHARE * high,
      marks[s]!.lrRise!,
      Math.max(LOWEST_SHARE * high, Math.sqrt(low * high) / longer),
    ),
  );
  const [least, greatest] = spreadOf(rates);
  if (greatest > DISAGREE * least) {
    return {
      refusal: "seeds-disagree",
      reason: `the seeds disagree by a factor of ${show(greatest / least)} (${show(least)} to ${show(greatest)}): larger batches or more --seeds would tell more`,
    };
  }
  return {
    rate: geometricMean(rates),
    rates,
    stretch: {
      low: geometricMean(ends.map((e) => e.low)),
      high: geometricMean(ends.map((e) => e.high)),
    },
  };
}

/** What else is known, held against the rate. */
export function checkRate(
  { rate, rates }: Found,
  { lrMin, lrRise, limit }: { lrMin: number; lrRise: number; limit: number | null },
): { checks: Check[]; confidence: Confidence } {
  const [low, high] = spreadOf(rates);
  const off = rate / (lrMin / 10);
  const checks: Check[] = [
    {
      id: "sweep-rise",
      ok: rate < lrRise,
      text: `the sweep's loss starts to rise at ${show(lrRise)}, ${rate < lrRise ? "above" : "below"} it`,
    },
    {
      id: "tenth-of-minimum",
      ok: off > 1 / 5 && off < 5,
      text: `a tenth of the sweep's minimum is ${show(lrMin / 10)}, ${off >= 1 ? `${show(off)} times lower` : `${show(1 / off)} times higher`}`,
    },
    {
      id: "seeds",
      ok: rates.length > 1 && high <= 2 * low,
      text:
        rates.length > 1
          ? `${rates.length} seeds say ${show(low)} to ${show(high)}`
          : "one seed says nothing about the spread",
    },
  ];
  if (limit !== null) {
    checks.push({
      id: "curvature",
      ok: rate < BEYOND * limit,
      text: `curvature after a short run allows up to ${show(limit)}`,
    });
  }
  const doubts = checks.filter((c) => !c.ok).length;
  return { checks, confidence: doubts === 0 ? "high" : doubts === 1 ? "moderate" : "low" };
}
