/** Eigenvalues of a symmetric tridiagonal matrix by implicit QL shifts (Golub & Van Loan, section 8.3). */
import { qlStep } from "../engine/matrix/ql-step.ts";
import { SteepestError } from "../run/errors.ts";

/** Eigenvalues and eigenvectors of a symmetric matrix. */
export interface Eigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** vectors[i] belongs to values[i], of length one. */
  readonly vectors: readonly Float64Array[];
}

const MAX_SWEEPS = 60;

/** `diagonal` has m values, `beside` m − 1. */
export function tridiagonalEigen(diagonal: ArrayLike<number>, beside: ArrayLike<number>): Eigen {
  const m = diagonal.length;
  const d = Float64Array.from(diagonal);
  const e = new Float64Array(m);
  for (let i = 0; i < m - 1; i++) e[i] = beside[i]!;
  // column j of the rotations' product, kept as a row
  const z = Array.from({ length: m }, (_, j) =>
    Float64Array.from({ length: m }, (_, i) => (i === j ? 1 : 0)),
  );
  for (let low = 0; low < m; low++) {
    for (let sweep = 0; ; sweep++) {
      const end = firstSplit(d, e, low);
      if (end === low) break;
      if (sweep >= MAX_SWEEPS) {
        throw new SteepestError("curvature", "the eigenvalues of a tridiagonal matrix did not converge", {
          help: "its entries may not be finite: look for NaN in the Hessian's products",
          exitCode: 1,
        });
      }
      qlStep(d, e, z, { first: low, last: end });
    }
  }
  const order = Array.from(d.keys()).sort((a, b) => d[a]! - d[b]!);
  return { values: Float64Array.from(order, (i) => d[i]!), vectors: order.map((i) => z[i]!) };
}

/** The first place from `low` on where the matrix falls apart. */
function firstSplit(d: Float64Array, e: Float64Array, low: number): number {
  let i = low;
  for (; i < d.length - 1; i++) {
    const size = Math.abs(d[i]!) + Math.abs(d[i + 1]!);
    if (Math.abs(e[i]!) <= Number.EPSILON * size || e[i] === 0) break;
  }
  return i;
}
