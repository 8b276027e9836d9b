/** What the best constant answer scores: a training that stays there has learnt how often things are, and nothing else. */
import { type Rows, rowCount, rowSize, type Samples, type Target } from "../../data/index.ts";
import type { BuiltRun } from "../../train/build.ts";

export interface ConstantScores {
  readonly training: number;
  readonly validation: number | null;
}

type Fit = (target: Target) => (target: Target) => number;

/** Losses whose best constant has a closed form: the mean, or how often each class is. */
const FITS: Readonly<Record<string, Fit>> = {
  mse: (of) => {
    const means = columnMeans(of);
    return (on) => mean(values(on), (v, column) => (v - means[column]!) ** 2);
  },
  "softmax-cross-entropy": frequencies,
  "bce-with-logits": frequencies,
  bce: frequencies,
};

/** Null where the loss is another one, or has options. */
export function constantScores({ spec, data }: BuiltRun): ConstantScores | null {
  const { name, ...options } = (spec.loss ?? {}) as Readonly<Record<string, unknown>>;
  const fit = FITS[String(name)];
  if (fit === undefined || Object.keys(options).length > 0) return null;
  const score = fit(data.target);
  const held = heldOut(data.validation);
  return { training: score(data.target), validation: held === null ? null : score(held) };
}

const heldOut = (samples: Samples | undefined): Target | null =>
  samples === undefined || rowCount(samples.features) === 0 ? null : samples.target;

/** A class that never came up counts as one that came up half a time. */
function frequencies(of: Target): (on: Target) => number {
  const counts = new Map<number, number>();
  let n = 0;
  for (const [v] of values(of)) {
    counts.set(v, (counts.get(v) ?? 0) + 1);
    n++;
  }
  return (on) => mean(values(on), (v) => -Math.log((counts.get(v) ?? 0.5) / n));
}

function* values(rows: Rows): Iterable<readonly [value: number, column: number]> {
  const [n, size] = [rowCount(rows), rowSize(rows)];
  for (let i = 0; i < n; i++) for (let j = 0; j < size; j++) yield [rows.data[i * rows.rowStride + j]!, j];
}

function columnMeans(rows: Rows): number[] {
  const sums = Array.from({ length: rowSize(rows) }, () => 0);
  for (const [v, j] of values(rows)) sums[j] = sums[j]! + v / rowCount(rows);
  return sums;
}

function mean(of: Iterable<readonly [number, number]>, f: (value: number, column: number) => number): number {
  let [sum, n] = [0, 0];
  for (const [v, j] of of) {
    sum += f(v, j);
    n++;
  }
  return sum / n;
}
