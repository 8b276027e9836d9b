/** A symmetric matrix as what it does to a vector, and the few vector sums that its users need. */

export interface SymmetricOperator {
  readonly size: number;
  /** Writes the product with `v` into `out` (another array than `v`). */
  readonly apply: (v: Float64Array, out: Float64Array) => void;
}

/** P^{-1/2} H P^{-1/2}, which has the eigenvalues of P⁻¹H: the Hessian as an optimizer that divides by P sees it. */
export function preconditioned(operator: SymmetricOperator, p: ArrayLike<number>): SymmetricOperator {
  const root = Float64Array.from(p, (x) => 1 / Math.sqrt(x));
  const scaled = new Float64Array(operator.size);
  return {
    size: operator.size,
    apply: (v, out) => {
      for (let i = 0; i < scaled.length; i++) scaled[i] = root[i]! * v[i]!;
      operator.apply(scaled, out);
      for (let i = 0; i < scaled.length; i++) out[i] = root[i]! * out[i]!;
    },
  };
}

/** A matrix given row by row. Only symmetric ones make sense here. */
export function denseOperator(rows: readonly ArrayLike<number>[]): SymmetricOperator {
  return {
    size: rows.length,
    apply: (v, out) => rows.forEach((row, i) => (out[i] = dot(row, v))),
  };
}

/** ⟨a, b⟩ of two vectors of one length. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** ‖a‖, the Euclidean length. */
export const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

/** y ← y + c·x */
export function addScaled(y: Float64Array, c: number, x: ArrayLike<number>): void {
  for (let i = 0; i < y.length; i++) y[i] = y[i]! + c * x[i]!;
}
