/**
 * Robust statistics over curves. Everything here is O(n log n) or better, and a NaN never enters:
 * callers pass finite values (`finiteOnly`) and get NaN back only for an empty input.
 */

/** Positions and values of the finite points of a series. */
export interface Curve {
  readonly steps: Float64Array;
  readonly values: Float64Array;
}

export function finiteOnly(steps: Float64Array, values: Float64Array): Curve {
  const n = Math.min(steps.length, values.length);
  let count = 0;
  for (let i = 0; i < n; i++) if (Number.isFinite(values[i]!) && Number.isFinite(steps[i]!)) count++;
  if (count === steps.length && count === values.length) return { steps, values };
  const s = new Float64Array(count);
  const v = new Float64Array(count);
  for (let i = 0, j = 0; i < n; i++) {
    if (!Number.isFinite(values[i]!) || !Number.isFinite(steps[i]!)) continue;
    s[j] = steps[i]!;
    v[j++] = values[i]!;
  }
  return { steps: s, values: v };
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! / values.length; // no overflow at 1e308
  return values.length === 0 ? Number.NaN : sum;
}

/** The largest value, NaN passed over; 0 when none is above 0. */
export function largest(values: Float64Array): number {
  let top = 0;
  for (const v of values) if (v > top) top = v;
  return top;
}

/** The q-quantile (0..1) with linear interpolation. */
export function quantile(values: ArrayLike<number>, q: number): number {
  return quantileInPlace(new Float64Array(values), q);
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** 1.4826 · median |x − median|: the standard deviation of a normal sample, blind to outliers below one half. */
export function madSigma(values: ArrayLike<number>): number {
  const work = new Float64Array(values);
  const centre = quantileInPlace(work, 0.5);
  for (let i = 0; i < work.length; i++) work[i] = Math.abs(work[i]! - centre);
  return 1.4826 * quantileInPlace(work, 0.5);
}

function quantileInPlace(work: Float64Array, q: number): number {
  if (work.length === 0) return Number.NaN;
  const at = q * (work.length - 1);
  const low = Math.floor(at);
  const a = select(work, low);
  if (at === low) return a;
  let b = Number.POSITIVE_INFINITY; // the next one up is the least of what selection left on the right
  for (let i = low + 1; i < work.length; i++) if (work[i]! < b) b = work[i]!;
  return a === b ? a : a + (at - low) * (b - a);
}

/** Hoare's selection: puts the k-th smallest at k, smaller ones left of it. O(n) on average. */
function select(work: Float64Array, k: number): number {
  let low = 0;
  let high = work.length - 1;
  while (low < high) {
    const pivot = work[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (work[i]! < pivot) i++;
      while (work[j]! > pivot) j--;
      if (i <= j) {
        const swap = work[i]!;
        work[i++] = work[j]!;
        work[j--] = swap;
      }
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return work[k]!;
}

/**
 * Median of the `window` points before each point (itself excluded when `trailing`), or around it.
 * The window slides over a sorted buffer: O(n · window), fast for the windows used here (≤ 101).
 */
export function runningMedian(
  values: ArrayLike<number>,
  window: number,
  { trailing = false }: { readonly trailing?: boolean } = {},
): Float64Array {
  const n = values.length;
  const out = new Float64Array(n);
  const half = window >> 1;
  const sorted = new Float64Array(Math.min(n, 2 * half + 1, trailing ? window : n) + 2);
  let m = 0;
  let from = 0;
  let to = 0; // the window holds values[from, to)
  for (let i = 0; i < n; i++) {
    const wantTo = trailing ? i : Math.min(n, i + half + 1);
    const wantFrom = Math.max(0, trailing ? i - window : i - half);
    while (from < wantFrom && to < wantTo) {
      // one leaves, one enters: only what lies between them moves
      const [gone, come] = [values[from++]!, values[to++]!];
      let k = position(sorted, m, gone);
      for (; k + 1 < m && sorted[k + 1]! < come; k++) sorted[k] = sorted[k + 1]!;
      for (; k > 0 && sorted[k - 1]! > come; k--) sorted[k] = sorted[k - 1]!;
      sorted[k] = come;
    }
    while (from < wantFrom) {
      const k = position(sorted, m--, values[from++]!);
      sorted.copyWithin(k, k + 1, m + 1);
    }
    while (to < wantTo) {
      // enter: shift the larger ones up
      const come = values[to++]!;
      let k = m++;
      for (; k > 0 && sorted[k - 1]! > come; k--) sorted[k] = sorted[k - 1]!;
      sorted[k] = come;
    }
    out[i] = m === 0 ? values[i]! : m % 2 ? sorted[m >> 1]! : sorted[m / 2 - 1]! / 2 + sorted[m / 2]! / 2;
  }
  return out;
}

/** The first place in sorted[0, m) that is not below `value`. */
function position(sorted: Float64Array, m: number, value: number): number {
  let [low, high] = [0, m];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Theil–Sen slope of y over x: the median of pairwise slopes, on at most `most` evenly taken points. */
export function theilSen(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { maxPoints = 40 }: { readonly maxPoints?: number } = {},
): number {
  const n = Math.min(x.length, y.length);
  const stride = Math.max(1, Math.ceil(n / maxPoints));
  const slopes: number[] = [];
  for (let i = 0; i < n; i += stride) {
    for (let j = i + stride; j < n; j += stride) {
      const dx = x[j]! - x[i]!;
      if (dx !== 0) slopes.push((y[j]! - y[i]!) / dx);
    }
  }
  return slopes.length === 0 ? 0 : median(slopes);
}

/** Sample autocorrelation at each lag 0..maxLag of the values about their mean; 0 everywhere for a constant. */
export function autocorrelation(values: ArrayLike<number>, maxLag: number): Float64Array {
  const deviation = centred(values);
  return Float64Array.from({ length: maxLag + 1 }, (_, lag) => lagged(deviation, lag));
}

export function autocorrelationAt(values: ArrayLike<number>, lag: number): number {
  return lagged(centred(values), lag);
}

/** Deviations from the mean over the root of their sum of squares, so that lag 0 gives 1; zeros for a constant. */
function centred(values: ArrayLike<number>): Float64Array {
  const centre = mean(values);
  const out = new Float64Array(values);
  let squares = 0;
  for (let i = 0; i < out.length; i++) {
    out[i]! -= centre;
    squares += out[i]! ** 2;
  }
  const norm = squares > 0 && Number.isFinite(squares) ? Math.sqrt(squares) : Number.POSITIVE_INFINITY;
  for (let i = 0; i < out.length; i++) out[i]! /= norm;
  return out;
}

function lagged(deviation: Float64Array, lag: number): number {
  const n = deviation.length - lag;
  // four sums, so that no addition waits for the one before
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < n; i += 4) {
    a += deviation[i]! * deviation[i + lag]!;
    b += deviation[i + 1]! * deviation[i + 1 + lag]!;
    c += deviation[i + 2]! * deviation[i + 2 + lag]!;
    d += deviation[i + 3]! * deviation[i + 3 + lag]!;
  }
  for (; i < n; i++) a += deviation[i]! * deviation[i + lag]!;
  return a + b + (c + d);
}

/** How a loss was put on a scale where equal ratios are equal distances. */
export interface LogLoss {
  readonly kind: "log" | "asinh";
  readonly values: Float64Array;
}

/**
 * log(loss), floored far below the data's own scale so that an exact 0 stays finite; asinh(loss / typical size)
 * when a loss is negative (log-likelihoods, energies), which is linear near 0 and logarithmic far from it.
 */
export function logLoss(values: Float64Array): LogLoss {
  let negative = false;
  let smallest = Number.POSITIVE_INFINITY;
  for (const v of values) {
    if (v < 0) negative = true;
    else if (v > 0 && v < smallest) smallest = v;
  }
  if (!negative) {
    const floor = Number.isFinite(smallest) ? smallest / 10 : 1;
    return { kind: "log", values: values.map((v) => Math.log(v > 0 ? v : floor)) };
  }
  const scale = median(values.map(Math.abs)) || 1;
  return { kind: "asinh", values: values.map((v) => Math.asinh(v / scale)) };
}
