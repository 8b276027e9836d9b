/**
 * What a program adds up while it prints: the mean since the epoch began (Keras' and many other bars), or the sum
 * (spaCy's losses, a `running_loss` that nobody divides). Read as single batches, every epoch begins with a spike.
 */
import type { LogNote } from "../run/log.ts";
import { mean } from "../run/mean.ts";
import type { Kept } from "./observe.ts";

/** Fewer epochs are no curve of their own. */
const EPOCHS = 6;
/** Points of an epoch. */
const POINTS = 8;
/** The mean of the first points is so much further from the epoch's last than the mean of the last points. */
const SETTLES = 6;
/** Points that show one series to be the mean of another, and how far rounded terms may take it, as a share. */
const MEANS = 20;
const ROUNDED = 0.01;
/** A sum's falls: where it begins again. */
const RESTARTS = 3;

/** The losses as they are meant: an epoch's last mean, or the differences of a sum. The series as printed stays, unjudged. */
export function withoutRunning(
  series: readonly Kept[],
  perEpoch: unknown,
): { series: Kept[]; notes: LogNote[] } {
  const notes: LogNote[] = [];
  const losses = series.filter((s) => s.role === "loss");
  const out = series.flatMap((raw) => {
    if (raw.role !== "loss" && raw.role !== "accuracy") return [raw];
    if (raw.role === "loss" && losses.some((s) => isMeanOf(raw, s)))
      return [{ ...raw, role: "other" as const }];
    const s = typeof perEpoch === "number" ? lastOfEach(raw, perEpoch) : raw;
    if (s.role !== "loss") return [s];
    const made = summed(s) ?? (typeof perEpoch === "number" ? averaged(s, perEpoch) : null);
    if (!made) return [s];
    notes.push(made.note);
    return [made.series, { ...s, name: `${s.name} (as printed)`, role: "other" as const }];
  });
  return { series: out, notes };
}

/** Nearly every point is the mean of the other's since the two last agreed: the other holds all that it says. */
function isMeanOf(s: Kept, of: Kept): boolean {
  const { values } = of;
  if (s === of || s.values.length !== values.length || values.length < MEANS || isThinned(s)) return false;
  const digit = lastDigit(values);
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= ROUNDED * Math.abs(a) + digit;
  let [sum, n, means, apart] = [0, 0, 0, 0];
  for (const [i, value] of values.entries()) {
    if (s.steps[i] !== of.steps[i]) return false;
    [sum, n] = [sum + value, n + 1];
    const mean = s.values[i]!;
    if (near(mean, sum / n)) means++;
    else if (near(mean, value)) [sum, n] = [value, 1];
    if (!near(mean, value)) apart++;
  }
  return means > 0.9 * values.length && apart >= MEANS;
}

/** The smallest difference between two values: what the last printed digit stands for. */
function lastDigit(values: Float64Array): number {
  const sorted = values.slice(0, 1000).sort();
  return sorted.reduce(
    (min, v, i) => (i > 0 && v > sorted[i - 1]! ? Math.min(min, v - sorted[i - 1]!) : min),
    Number.MAX_VALUE,
  );
}

/** A bar drawn again at the end of nearly every epoch: what it shows last stands. */
function lastOfEach(s: Kept, perEpoch: number): Kept {
  let ends = 0;
  let again = 0;
  for (let i = 0; i < s.steps.length; i++) {
    if (s.steps[i]! % perEpoch !== 0) continue;
    if (i > 0 && s.steps[i - 1] === s.steps[i]) again++;
    else ends++;
  }
  if (ends < 3 || again < 0.8 * ends || isThinned(s)) return s;
  const keep = Array.from(s.steps.keys()).filter((i) => s.steps[i + 1] !== s.steps[i]);
  return {
    ...s,
    seen: keep.length,
    repeated: 0,
    steps: Float64Array.from(keep, (i) => s.steps[i]!),
    values: Float64Array.from(keep, (i) => s.values[i]!),
  };
}

/** A sum never falls but where it begins again, and rises most of the time. */
function summed(s: Kept): { series: Kept; note: LogNote } | null {
  const { values } = s;
  if (values.length < 30 || isThinned(s)) return null;
  let falls = 0;
  let rises = 0;
  for (let i = 1; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) return null;
    if (values[i]! > values[i - 1]!) rises++;
    else if (values[i]! < values[i - 1]!) {
      if (values[i]! > 0.5 * values[i - 1]!) return null;
      falls++;
    }
  }
  if (falls < RESTARTS || falls * 10 > values.length || rises < 0.7 * values.length) return null;
  const single = values.map((v, i) => (i > 0 && v >= values[i - 1]! ? v - values[i - 1]! : v));
  return {
    series: { ...s, name: `${s.name} (single)`, values: single },
    note: {
      id: "running-sum",
      text: `'${s.name}' only rises, and begins again ${falls} times: it is a running sum; its differences are read`,
    },
  };
}

/** Within an epoch the printed mean settles: the noise of its first points is a multiple of that of its last. */
function averaged(s: Kept, perEpoch: number): { series: Kept; note: LogNote } | null {
  if (isThinned(s) || s.values.length < EPOCHS * POINTS) return null;
  if (!s.values.every(Number.isFinite)) return null;
  // bars count the batches that are done, or number them from 0
  const epochs = byEpoch(s, perEpoch, s.steps[0]! % perEpoch === 0 ? 0 : 1);
  if (settlingOf(s, epochs) < SETTLES || !isEvenApart(s, epochs)) return null;
  // a bar drawn once more when all is done
  const last = epochs
    .filter((of, i) => of.length > 1 || i < epochs.length - 1)
    .map((of) => of[of.length - 1]!);
  return {
    series: {
      ...s,
      name: `${s.name} (epoch)`,
      steps: Float64Array.from(last, (i) => s.steps[i]!),
      values: Float64Array.from(last, (i) => s.values[i]!),
      seen: last.length,
      repeated: 0,
    },
    note: {
      id: "running-mean",
      text: `'${s.name}' settles within each of ${last.length} epochs: it is the mean since the epoch began; the epochs' last values are read`,
    },
  };
}

/** The points of each epoch, whose first step is `first`. */
function byEpoch(s: Kept, perEpoch: number, first: number): number[][] {
  const epochs = new Map<number, number[]>();
  for (let i = 0; i < s.values.length; i++) {
    const epoch = Math.floor((s.steps[i]! - first) / perEpoch);
    const of = epochs.get(epoch);
    if (of) of.push(i);
    else epochs.set(epoch, [i]);
  }
  return [...epochs.values()];
}

/** The median over the whole epochs; 0 where there are too few. */
function settlingOf(s: Kept, epochs: readonly number[][]): number {
  const whole = epochs.filter((of) => of.length >= POINTS);
  if (whole.length < EPOCHS || whole.length < 0.8 * epochs.length) return 0;
  const ratios = whole.map((of) => settling(of.map((i) => s.values[i]!))).sort((a, b) => a - b);
  return ratios[ratios.length >> 1]!;
}

/** Parts of an epoch, and how much more the mean of each may move in the second half of an epoch than in the first. */
const PARTS = 8;
const UNEVEN = 1.4;

/**
 * What a mean is made of can be taken out of it: n·mean(n) is a sum. Taken out of single batches, it grows with n, for
 * their noise is multiplied.
 */
function isEvenApart(s: Kept, epochs: readonly number[][]): boolean {
  const ratios = epochs
    .filter((of) => of.length >= POINTS)
    .map((of) => {
      const ends = Array.from({ length: PARTS }, (_, j) => Math.ceil(((j + 1) * of.length) / PARTS));
      const parts = ends.map((end, j) => {
        const [from, sum] =
          j === 0 ? [0, 0] : [ends[j - 1]!, ends[j - 1]! * s.values[of[ends[j - 1]! - 1]!]!];
        return (end * s.values[of[end - 1]!]! - sum) / (end - from);
      });
      const moves = parts.slice(1).map((v, j) => Math.abs(v - parts[j]!));
      return mean(moves.slice(-3)) / Math.max(mean(moves.slice(0, 3)), 1e-300);
    })
    .sort((a, b) => a - b);
  return ratios[ratios.length >> 1]! < UNEVEN;
}

/** Fewer points than were logged, and not because they came twice. */
function isThinned(s: Kept): boolean {
  return s.seen > s.values.length;
}

/** Step-to-step change in the first quarter over that in the last. */
function settling(values: readonly number[]): number {
  const quarter = Math.max(2, values.length >> 2);
  const change = (from: number, to: number): number => {
    let sum = 0;
    for (let i = from + 1; i < to; i++) sum += Math.abs(values[i]! - values[i - 1]!);
    return sum / Math.max(1, to - from - 1);
  };
  return change(0, quarter) / Math.max(change(values.length - quarter, values.length), 1e-300);
}
