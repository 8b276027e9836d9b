/** Alternation about a level (rate near the edge) told apart from order of the data and from the edge of stability. */
import { type Context, round, span } from "../context.ts";
import { autocorrelation, autocorrelationAt, madSigma, median, runningMedian, theilSen } from "../stats.ts";
import type { Rule } from "./rule.ts";

interface Detrended {
  readonly rest: Float64Array;
  readonly from: number;
  readonly falling: number;
}
const known = new WeakMap<Context, Detrended>();

/** log-loss less its trend, over the part after the first tenth, with the falling speed in units of its noise. */
function detrended(c: Context): Detrended {
  const before = known.get(c);
  if (before) return before;
  const from = Math.floor(c.log.length / 10);
  const part = c.log.subarray(from);
  // neighbours are averaged first: the median of an odd window would follow an exact alternation
  const last = part.length - 1;
  const paired = part.map((v, i) => (part[Math.max(0, i - 1)]! + 2 * v + part[Math.min(last, i + 1)]!) / 4);
  const trend = runningMedian(paired, 41);
  const spread = madSigma(part.map((v, i) => v - trend[i]!)) || 1e-12;
  // a spike must not make or break a period
  const rest = part.map((v, i) => Math.max(-4 * spread, Math.min(4 * spread, v - trend[i]!)));
  const x = Float64Array.from(part, (_, i) => i / part.length);
  const result = { rest, from, falling: -theilSen(x, part) / spread };
  known.set(c, result);
  return result;
}

interface Period {
  readonly lag: number;
  readonly strength: number;
  readonly falling: number;
  readonly amplitude: number;
  /** Amplitude in the second half of the run over that in the first. */
  readonly held: number;
}

/** A period that repeats: a peak of the autocorrelation, and another at twice its lag. */
export function period(c: Context): Period | null {
  if (c.log.length < 40) return null;
  const { rest, falling } = detrended(c);
  const amplitude = madSigma(rest);
  // rounding of the printed digits alone also has periods
  if (!(amplitude > 1e-4)) return null;
  const maxLag = Math.min(100, rest.length >> 2);
  const r = autocorrelation(rest, maxLag);
  let best = 0;
  for (let lag = 2; lag <= maxLag; lag++) {
    const peak = r[lag]! > r[lag - 1]! && r[lag]! >= r[lag + 1]!;
    const dip = r.subarray(1, lag).some((v) => v < 0.5 * r[lag]!);
    if (peak && dip && r[lag]! > 0.5 && (best === 0 || r[lag]! > r[best]! + 0.1)) best = lag;
  }
  // noise that merely wanders has a first peak too, but none at twice the lag
  if (best === 0 || !(autocorrelationAt(rest, 2 * best) > 0.4)) return null;
  const half = rest.length >> 1;
  const held = madSigma(rest.subarray(half)) / (madSigma(rest.subarray(0, half)) || 1e-12);
  return { lag: best, strength: r[best]!, falling, amplitude, held };
}

/** Steps between log points: more than one means that what is fast in training cannot be seen as it is. */
const stride = (c: Context): number => median(c.steps.subarray(1).map((s, i) => s - c.steps[i]!));

/** Log points in an epoch, from the epoch series; null without one. */
function pointsPerEpoch(c: Context): number | null {
  const at = c.boundaries.filter((b) => b.kind === "epoch").map((b) => b.index);
  return at.length >= 2 ? median(at.slice(1).map((v, i) => v - at[i]!)) : null;
}

/** True when the period belongs to the data or the logging: it matches the epoch, or steps between points hide the optimizer's own. */
function fromData(c: Context, p: Period): boolean {
  const epoch = pointsPerEpoch(c);
  if (epoch !== null && [1, 0.5, 2].some((k) => Math.abs(p.lag - k * epoch) <= Math.max(0.5, 0.02 * epoch)))
    return true;
  return p.lag > 2 || (stride(c) > 1 && p.held > 0.5 && p.held < 2);
}

export const dataOrder: Rule = {
  name: "data-order",
  severity: "info",
  about: "exact periodicity of the curve: the order of the data or an alias of the logging interval",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: [],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    const p = period(c);
    if (!p || !fromData(c, p)) return [];
    const epoch = pointsPerEpoch(c);
    return [
      {
        steps: span(c),
        evidence: {
          periodPoints: p.lag,
          periodSteps: round(p.lag * stride(c)),
          autocorrelation: round(p.strength, 3),
          epochPoints: epoch,
          relativeAmplitude: round(Math.expm1(p.amplitude), 3),
        },
        advice:
          "The curve repeats with an exact period, as it does when batches come in the same order every epoch. Shuffle each epoch, or average the log over whole epochs; leave the rate alone.",
        alternatives: ["a cyclic learning-rate schedule", "a length-grouped sampler"],
        decide: "the number of batches in an epoch, and the curve with another shuffling seed",
      },
    ];
  },
};

export const oscillation: Rule = {
  name: "oscillation",
  severity: "warning",
  about: "period-two alternation: warning when the level stands still, edge of stability when it falls",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "lower",
  detect(c) {
    if (c.log.length < 30) return [];
    const p = period(c);
    if (p && fromData(c, p)) return [];
    const { rest, from, falling } = detrended(c);
    const r = autocorrelation(rest, 2);
    if (!(r[1]! < -0.4 && r[2]! > 0.3) || !(madSigma(rest) > 1e-4)) return [];
    const edge = falling > 1;
    return [
      {
        steps: span(c, from),
        severity: edge ? "info" : "warning",
        direction: edge ? "neither" : "lower",
        evidence: {
          kind: edge ? "edge-of-stability" : "standing",
          lagOne: round(r[1]!, 3),
          lagTwo: round(r[2]!, 3),
          fallInSigma: round(falling, 3),
        },
        advice: edge
          ? "The loss alternates from step to step while it falls: the edge of stability, where full-batch training usually runs. Keep the rate."
          : "The loss alternates about a level that no longer falls: the step is between one and two over the curvature. Lower the rate 2–3×.",
        alternatives: ["two kinds of batches taken in turn", "a logging interval that beats with the epoch"],
        decide: "the loss of every step on one fixed batch",
      },
    ];
  },
};
