/** Everything the rules read, computed once per run. */
import type { GatheredRun } from "./gather.ts";
import { type Boundary, segment } from "./segment.ts";
import { logLoss, madSigma, median, runningMedian } from "./stats.ts";

export interface Context {
  readonly run: GatheredRun;
  readonly boundaries: readonly Boundary[];
  /** Finite points only, with the hidden NaNs out: steps, losses, and their `position`s in the run. */
  readonly steps: Float64Array;
  readonly loss: Float64Array;
  /** Rate and logged gradient norm at these points (NaN where none was logged), or null. */
  readonly lr: Float64Array | null;
  readonly gradNorm: Float64Array | null;
  readonly position: Int32Array;
  /** log-loss (asinh when a loss is negative), its running median over 9 points, and the robust noise about it. */
  readonly log: Float64Array;
  readonly level: Float64Array;
  readonly sigma: number;
  /** Positions of explicit and hidden non-finite losses. */
  readonly nonFinite: readonly number[];
  readonly hidden: readonly number[];
  /** Loss before training, lowest level, level at the end (medians), and their difference first − lowest. */
  readonly first: number;
  readonly lowest: number;
  readonly end: number;
  readonly drop: number;
}

/** `hidden` are the positions where a logged number stands for a NaN (see `hiddenNan`). */
export function makeContext(run: GatheredRun, hidden: readonly number[]): Context {
  const masked = new Set(hidden);
  const keep: number[] = [];
  const nonFinite: number[] = [];
  for (let i = 0; i < run.loss.length; i++) {
    if (masked.has(i) || !Number.isFinite(run.loss[i]!)) nonFinite.push(i);
    else keep.push(i);
  }
  const position = Int32Array.from(keep);
  const pick = (from: Float64Array): Float64Array => {
    const out = new Float64Array(keep.length);
    for (let k = 0; k < keep.length; k++) out[k] = from[keep[k]!]!;
    return out;
  };
  const steps = pick(run.steps);
  const loss = pick(run.loss);
  const log = logLoss(loss).values;
  const level = runningMedian(log, 9);
  const plain = runningMedian(loss, 9);
  const n = loss.length;
  const first = n > 0 ? loss[0]! : Number.NaN;
  const lowest = n > 0 ? plain.reduce((a, b) => Math.min(a, b)) : Number.NaN;
  return {
    run,
    boundaries: segment(run),
    steps,
    loss,
    lr: run.lr && pick(run.lr),
    gradNorm: run.gradNorm && pick(run.gradNorm),
    position,
    log,
    level,
    sigma: n > 0 ? madSigma(log.map((v, i) => v - level[i]!)) : Number.NaN,
    nonFinite,
    hidden,
    first,
    lowest,
    end: median(loss.subarray(n - Math.max(1, Math.floor(n / 10)))),
    drop: first - lowest,
  };
}

/** Logged from past the first tenth of its own steps. */
export function startsLate(c: Context): boolean {
  const [first, last] = [c.steps[0]!, c.steps[c.steps.length - 1]!];
  return first > 0.1 * last && first > 20 * ((last - first) / c.steps.length);
}

/** First and last step of positions [from, to] of the finite points. */
export function span(c: Context, from = 0, to: number = c.steps.length - 1): [number, number] {
  return [c.steps[Math.max(0, from)]!, c.steps[Math.min(to, c.steps.length - 1)]!];
}

export const round = (x: number, digits = 4): number =>
  Number.isFinite(x) ? Number(x.toPrecision(digits)) : x;
