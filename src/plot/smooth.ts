/** What is done to a curve before it is drawn. */

/**
 * TensorBoard's smoothing: an exponential moving average with its bias towards zero divided out,
 * s_t = w·s_{t−1} + (1−w)·x_t, shown s_t / (1 − w^t). Non-finite values pass through and leave the average alone.
 */
export function debiasedEma(values: ArrayLike<number>, weight: number): Float64Array {
  const out = new Float64Array(values.length);
  let average = 0;
  let bias = 1;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (!Number.isFinite(x)) {
      out[i] = x;
      continue;
    }
    average = weight * average + (1 - weight) * x;
    bias *= weight;
    out[i] = average / (1 - bias);
  }
  return out;
}

/** A weight whose window is a fiftieth of the curve: 0 below 50 points, 0.95 for 1,000, at most 0.999. */
export function defaultSmoothing(points: number): number {
  const weight = Math.min(0.999, 1 - 50 / Math.max(50, points));
  return Math.round(weight * 1000) / 1000;
}

/**
 * At most about 4 points for each of `columns` equal stretches of x: first, least, greatest and last, so the drawing
 * of a million points looks as it would with all of them. A non-finite point stays, as a gap.
 */
export function thin(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { columns, log = false }: { columns: number; log?: boolean },
): [x: number, y: number][] {
  const n = Math.min(x.length, y.length);
  const all = (i: number): [number, number] => [x[i]!, Number.isFinite(y[i]!) ? y[i]! : Number.NaN];
  if (n <= 4 * columns) return Array.from({ length: n }, (_, i) => all(i));
  const at = (i: number): number => (log ? Math.log(x[i]!) : x[i]!);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < n; i++) {
    const v = at(i);
    if (!Number.isFinite(v)) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  const column = (i: number): number => Math.floor(((at(i) - low) / (high - low || 1)) * columns);
  const kept: [number, number][] = [];
  for (let start = 0; start < n; ) {
    const here = column(start);
    let [end, minAt, maxAt, gap] = [start, start, start, -1];
    for (; end < n && Object.is(column(end), here); end++) {
      const v = y[end]!;
      if (!Number.isFinite(v)) gap = end;
      else {
        if (!(y[minAt]! <= v)) minAt = end;
        if (!(y[maxAt]! >= v)) maxAt = end;
      }
    }
    const keep = new Set([start, minAt, maxAt, end - 1, ...(gap < 0 ? [] : [gap])]);
    for (const i of [...keep].sort((a, b) => a - b)) kept.push(all(i));
    start = Math.max(end, start + 1);
  }
  return kept;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** What the first of them is. */
  readonly value: number;
}

/** Stretches of consecutive non-finite values. */
export function gapsOf(x: ArrayLike<number>, y: ArrayLike<number>): Gap[] {
  const gaps: Gap[] = [];
  const n = Math.min(x.length, y.length);
  for (let i = 0; i < n; i++) {
    if (Number.isFinite(y[i]!)) continue;
    const start = i;
    while (i + 1 < n && !Number.isFinite(y[i + 1]!)) i++;
    gaps.push({ from: x[start]!, to: x[i]!, count: i - start + 1, value: y[start]! });
  }
  return gaps;
}
