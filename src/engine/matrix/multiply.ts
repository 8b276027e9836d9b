/** Products of float64 matrices on the host. Backends give a faster one to functions of big matrices. */

export interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** B lies as [n, k]. */
  readonly transposeB?: boolean;
}

/** A [m, k] by B [k, n], row-major → [m, n]. */
export type Multiply = (a: Float64Array, b: Float64Array, sizes: Sizes) => Float64Array;

export const multiply: Multiply = (a, b, { m, k, n, transposeB = false }) => {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; transposeB && j < n; j++) {
      let total = 0;
      for (let p = 0; p < k; p++) total += a[i * k + p]! * b[j * k + p]!;
      out[i * n + j] = total;
    }
    for (let p = 0; !transposeB && p < k; p++) addScaled(out, i * n, a[i * k + p]!, b, p * n, n);
  }
  return out;
};

/** to[at + i] += factor·from[start + i] for i < count. */
export function addScaled(
  to: Float64Array,
  at: number,
  factor: number,
  from: Float64Array,
  start: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) to[at + i]! += factor * from[start + i]!;
}

/** Σ a[at + i]·b[start + i] for i < count. */
export function dotOf(a: Float64Array, at: number, b: Float64Array, start: number, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += a[at + i]! * b[start + i]!;
  return total;
}
