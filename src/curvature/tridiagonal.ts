/** Eigenvalues of a symmetric tridiagonal matrix by implicit QL shifts (Golub & Van Loan, section 8.3). */
import { SteepestError } from "../run/errors.ts";

/** Eigenvalues and eigenvectors of a symmetric matrix. */
export interface Eigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** vectors[i] belongs to values[i], of length one. */
  readonly vectors: readonly Float64Array[];
}

const MOST_SWEEPS = 60;

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
      if (sweep >= MOST_SWEEPS) {
        throw new SteepestError("curvature", "the eigenvalues of a tridiagonal matrix did not converge", {
          help: "its entries may not be finite: look for NaN in the Hessian's products",
          exitCode: 1,
        });
      }
      rotate(d, e, z, { low, end });
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

/** One QL sweep over rows low … end with Wilkinson's shift. */
function rotate(
  d: Float64Array,
  e: Float64Array,
  z: readonly Float64Array[],
  { low, end }: { low: number; end: number },
): void {
  const half = (d[low + 1]! - d[low]!) / (2 * e[low]!);
  const root = Math.hypot(half, 1);
  let g = d[end]! - d[low]! + e[low]! / (half + (half >= 0 ? root : -root));
  let [s, c, p] = [1, 1, 0];
  for (let i = end - 1; i >= low; i--) {
    const [f, b] = [s * e[i]!, c * e[i]!];
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      e[end] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    const t = (d[i]! - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    const [upper, lower] = [z[i + 1]!, z[i]!];
    for (let k = 0; k < upper.length; k++) {
      const [u, l] = [upper[k]!, lower[k]!];
      upper[k] = s * l + c * u;
      lower[k] = c * l - s * u;
    }
  }
  d[low]! -= p;
  e[low] = g;
  e[end] = 0;
}
