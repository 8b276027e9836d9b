/** A run beside one that is known to be good: where they leave each other, and in what they differ. */
import type { RunLog } from "../run/log.ts";
import { type GatheredRun, gatherRun, lastKnown } from "./gather.ts";
import { finiteOnly, largest, madSigma, mean, median, runningMedian } from "./stats.ts";
import type { BaselineComparison, Difference } from "./types.ts";
import { nameOf } from "./words.ts";

/** Fewer common points say nothing. */
const MIN = 20;
/** Standard errors that a difference must be apart, and the ratio that makes noises and norms different. */
const APART = 4;
const RATIO = 1.5;
/** Points whose mean is compared, and how many such means in a row must be apart, to say that the runs have parted. */
const WINDOW = 9;
const IN_A_ROW = 3;

interface Curve {
  readonly steps: Float64Array;
  readonly loss: Float64Array;
  readonly sigma: number;
}

/** Finite losses within the steps that both runs have. */
function within(run: GatheredRun, from: number, to: number): Curve {
  const { steps, values } = finiteOnly(run.steps, run.loss);
  const keep = [...steps.keys()].filter((i) => steps[i]! >= from && steps[i]! <= to);
  const loss = Float64Array.from(keep, (i) => values[i]!);
  const level = runningMedian(loss, WINDOW);
  return {
    steps: Float64Array.from(keep, (i) => steps[i]!),
    loss,
    sigma: madSigma(loss.map((v, i) => v - level[i]!)),
  };
}

/** The comparison, or the reason in words why there is none. */
export function compareWithBaseline(log: RunLog, good: RunLog): BaselineComparison | string {
  const [run, other] = [gatherRun(log), gatherRun(good)];
  if (!run || !other) return `${nameOf(run ? good : log)} has no loss to compare.`;
  if (log.stepUnit !== good.stepUnit)
    return `One log counts in ${log.stepUnit}s and the other in ${good.stepUnit}s: they have no steps in common.`;
  const from = Math.max(run.steps[0]!, other.steps[0]!);
  const to = Math.min(run.steps[run.steps.length - 1]!, other.steps[other.steps.length - 1]!);
  const [a, b] = [within(run, from, to), within(other, from, to)];
  if (a.loss.length < MIN || b.loss.length < MIN)
    return `The runs have fewer than ${MIN} losses on common steps.`;
  const differences = [
    firstLoss(a, b),
    firstSlope(a, b),
    floor(a, b),
    noise(a, b),
    gradient(run, other, from, to),
    rate(run, other),
  ].filter((d) => d !== null);
  return { baseline: nameOf(good), steps: [from, to], partsAt: partsAt(a, b), differences };
}

/** First step from which means over a window stay apart by more than both runs' noise and a fiftieth of the fall; null when they never do. */
function partsAt(a: Curve, b: Curve): number | null {
  // on the steps of the run that has fewer
  const [sparse, dense, sign] = a.loss.length <= b.loss.length ? [a, b, 1] : [b, a, -1];
  const there = lastKnown({ name: "", role: "loss", steps: dense.steps, values: dense.loss }, sparse.steps);
  const apart = sparse.loss.map((v, i) => sign * (v - there[i]!));
  const error = Math.hypot(a.sigma, b.sigma) / Math.sqrt(WINDOW);
  const fall = Math.abs(b.loss[0]! - median(b.loss.subarray(b.loss.length - WINDOW)));
  const threshold = Math.max(APART * error, 0.02 * fall, 1e-12);
  const beyond = (i: number): number => {
    const gap = mean(apart.subarray(i, Math.min(i + WINDOW, apart.length)));
    return Math.abs(gap) > threshold ? Math.sign(gap) : 0;
  };
  for (let i = 0; i + WINDOW <= apart.length; i++) {
    const side = beyond(i);
    if (side === 0) continue;
    let same = 1;
    while (same < IN_A_ROW && i + (same + 1) * WINDOW <= apart.length && beyond(i + same * WINDOW) === side)
      same++;
    if (same < Math.min(IN_A_ROW, Math.floor((apart.length - i) / WINDOW))) continue;
    // a window sees a change before it comes: the first point in it that is apart by itself
    let at = i;
    while (at < i + WINDOW - 1 && !(side * apart[at]! > threshold)) at++;
    return sparse.steps[at]!;
  }
  return null;
}

function firstLoss(a: Curve, b: Curve): Difference | null {
  const [x, y] = [a.loss[0]!, b.loss[0]!];
  if (!(Math.abs(x - y) > Math.max(APART * Math.hypot(a.sigma, b.sigma), 0.05 * Math.abs(y)))) return null;
  return {
    what: "first-loss",
    run: x,
    baseline: y,
    meaning:
      "Before any training the loss depends on the data, the loss function and its reduction, and the initial weights alone: one of them has changed.",
  };
}

/** Fall of the loss over the first tenth of the common steps, a share of the first loss. */
function firstSlope(a: Curve, b: Curve): Difference | null {
  const fall = ({ steps, loss, sigma }: Curve): { fall: number; error: number } => {
    const until = steps[0]! + 0.1 * (steps[steps.length - 1]! - steps[0]!);
    const at = Math.max(
      4,
      steps.findIndex((s) => s >= until),
    );
    const near = loss.subarray(Math.max(1, at - 4), at + 5);
    return { fall: (loss[0]! - mean(near)) / Math.abs(loss[0]!), error: sigma / Math.abs(loss[0]!) };
  };
  const [x, y] = [fall(a), fall(b)];
  const gap = Math.abs(x.fall - y.fall);
  if (!(gap > Math.max(APART * Math.hypot(x.error, y.error), 0.25 * Math.abs(y.fall), 0.02))) return null;
  return {
    what: "first-slope",
    run: x.fall,
    baseline: y.fall,
    meaning:
      x.fall < y.fall
        ? "It learns more slowly from the start: look at the rate and its warm-up, at frozen parameters, and at labels that do not belong to their inputs."
        : "It learns faster from the start: look at the rate, and at an easier task, such as inputs that hold the answer.",
  };
}

/** Mean of the last tenth of the common steps. */
function floor(a: Curve, b: Curve): Difference | null {
  const end = ({ loss, sigma }: Curve): { level: number; error: number } => {
    const tail = loss.subarray(loss.length - Math.max(5, Math.floor(loss.length / 10)));
    return { level: mean(tail), error: Math.max(sigma, madSigma(tail)) / Math.sqrt(tail.length) };
  };
  const [x, y] = [end(a), end(b)];
  const fall = Math.abs(b.loss[0]! - y.level);
  if (!(Math.abs(x.level - y.level) > Math.max(APART * Math.hypot(x.error, y.error), 0.05 * fall)))
    return null;
  return {
    what: "floor",
    run: x.level,
    baseline: y.level,
    meaning:
      x.level > y.level
        ? "It ends higher. With the same first slope that speaks for noise in labels or data, stronger regularisation or a smaller model; else for what slowed it at the start."
        : "It ends lower than the good run.",
  };
}

/** Scatter of the later half: it must differ as it is and as a share of the level, by more than it is known to. */
function noise(a: Curve, b: Curve): Difference | null {
  const late = ({ loss }: Curve): { sigma: number; share: number; points: number } => {
    const half = loss.subarray(loss.length >> 1);
    const level = runningMedian(half, WINDOW);
    const sigma = madSigma(half.map((v, i) => v - level[i]!));
    return { sigma, share: sigma / Math.abs(median(half)), points: half.length };
  };
  const [p, q] = [late(a), late(b)];
  if (!(p.sigma > 0 && q.sigma > 0)) return null;
  // the logarithm of a median absolute deviation of n normal numbers has a variance of 1.36 / n
  const threshold = Math.max(Math.log(RATIO), APART * Math.sqrt(1.36 / p.points + 1.36 / q.points));
  const [bare, ratio] = [Math.log(p.sigma / q.sigma), Math.log(p.share / q.share)];
  if (Math.abs(bare) < threshold || Math.abs(ratio) < threshold || bare * ratio < 0) return null;
  const [x, y] = [p.share, q.share];
  return {
    what: "noise",
    run: x,
    baseline: y,
    meaning:
      x > y
        ? "Its loss scatters more: a smaller batch, data that are less mixed, a higher rate, or another logging interval."
        : "Its loss scatters less: a larger batch, means over more steps, or the same examples again and again.",
  };
}

function gradient(a: GatheredRun, b: GatheredRun, from: number, to: number): Difference | null {
  const norms = ({ gradNorm, steps }: GatheredRun): Float64Array =>
    (gradNorm ?? new Float64Array(0)).filter(
      (v, i) => Number.isFinite(v) && v >= 0 && steps[i]! >= from && steps[i]! <= to,
    );
  const [p, q] = [norms(a), norms(b)];
  if (p.length < MIN || q.length < MIN) return null;
  const [x, y] = [median(p), median(q)];
  if (x < RATIO * y && y < RATIO * x) return null;
  return {
    what: "gradient-norm",
    run: x,
    baseline: y,
    meaning:
      x > y
        ? "Its gradients are larger: another scale of the loss or of the inputs, gradients that are not cleared, or a region that is steeper."
        : "Its gradients are smaller: frozen or detached parameters, another scale of the loss, or units that are dead.",
  };
}

function rate(a: GatheredRun, b: GatheredRun): Difference | null {
  if (!a.lr || !b.lr) return null;
  const [x, y] = [largest(a.lr.filter(Number.isFinite)), largest(b.lr.filter(Number.isFinite))];
  if (Math.abs(x - y) <= 0.01 * Math.max(x, y)) return null;
  return {
    what: "peak-rate",
    run: x,
    baseline: y,
    meaning: "The learning rates differ: that alone may explain the rest.",
  };
}
