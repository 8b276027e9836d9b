/**
 * Eigenvalues and eigenvectors of a symmetric matrix. Small ones by Jacobi's rotations, which find the small eigenvalues
 * of positive matrices to more digits (Demmel & Veselić 1992); others by Householder's reduction to three diagonals and QL
 * steps with implicit shifts (Golub & Van Loan, Matrix Computations, 8.3), which takes a fraction of the work. Vectors
 * lie as rows, so that every inner loop is contiguous.
 */
import { addScaled, dotOf } from "./multiply.ts";
import { qlStep, rotate } from "./ql-step.ts";

export interface Eigen {
  /** Largest first. */
  readonly values: Float64Array;
  /** Row i belongs to value i. */
  readonly vectors: Float64Array;
}

/** Up to this size rotations are fast enough. */
const SMALL = 24;
/** QL steps for one eigenvalue, where two or three do as a rule; sweeps of rotations, where six to ten do. */
const MAX_STEPS = 60;

/** Of a symmetric [n, n]; both triangles are read. NaN throughout where an entry is not finite. */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  if (!matrix.every(Number.isFinite))
    return {
      values: new Float64Array(n).fill(Number.NaN),
      vectors: new Float64Array(n * n).fill(Number.NaN),
    };
  const { diagonal, vectors } = n <= SMALL ? byRotations(matrix, n) : byReduction(matrix, n);
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b]! - diagonal[a]! || a - b);
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => {
    sorted.set(vectors.subarray(from * n, (from + 1) * n), to * n);
  });
  return { values: Float64Array.from(order, (i) => diagonal[i]!), vectors: sorted };
}

interface Diagonal {
  readonly diagonal: Float64Array;
  readonly vectors: Float64Array;
}

function byReduction(matrix: Float64Array, n: number): Diagonal {
  const { diagonal, below, vectors } = tridiagonal(matrix, n);
  diagonalize(diagonal, below, vectors);
  return { diagonal, vectors };
}

/** Sweeps over all pairs of rows until each pair is uncoupled to rounding. */
function byRotations(matrix: Float64Array, n: number): Diagonal {
  const a = new Float64Array(matrix);
  const vectors = unit(n);
  const [rows, turnedAlong] = [rowsOf(a, n), rowsOf(vectors, n)];
  for (let sweep = 0, turned = true; turned; sweep++) {
    if (sweep === MAX_STEPS) throw new Error("internal: the rotations did not settle");
    turned = false;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) if (uncouple(rows, turnedAlong, { p, q })) turned = true;
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), vectors };
}

/** Turns rows and columns p and q so that a[p, q] becomes 0; false where it is nothing beside the diagonal. */
function uncouple(
  a: readonly Float64Array[],
  vectors: readonly Float64Array[],
  { p, q }: { p: number; q: number },
): boolean {
  const [rowP, rowQ] = [a[p]!, a[q]!];
  const [app, apq, aqq] = [rowP[p]!, rowP[q]!, rowQ[q]!];
  const nothing = (Number.EPSILON / 16) * Math.sqrt(Math.abs(app * aqq)) + Number.MIN_VALUE;
  if (Math.abs(apq) <= nothing) return false;
  const half = (aqq - app) / (2 * apq);
  const tangent = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.hypot(half, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  rotate(rowP, rowQ, { sine, cosine });
  rotate(vectors[p]!, vectors[q]!, { sine, cosine });
  for (const row of a) {
    const [x, y] = [row[p]!, row[q]!];
    row[p] = cosine * x - sine * y;
    row[q] = sine * x + cosine * y;
  }
  rowP[q] = 0;
  rowQ[p] = 0;
  return true;
}

/** The rows of an [n, n], each a part of it. */
const rowsOf = (x: Float64Array, n: number): Float64Array[] =>
  Array.from({ length: n }, (_, i) => x.subarray(i * n, (i + 1) * n));

/** The identity. */
function unit(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

/** A = VᵀTV with T of three diagonals; `below[i]` couples i and i + 1. Rows of `vectors` are V's. */
function tridiagonal(
  matrix: Float64Array,
  n: number,
): { diagonal: Float64Array; below: Float64Array; vectors: Float64Array } {
  const a = new Float64Array(matrix);
  const below = new Float64Array(n);
  // reflector k, a unit vector over the entries after k, is kept in row k right of the diagonal
  const w = new Float64Array(n);
  for (let k = 0; k + 1 < n; k++) {
    const [at, count] = [k * n + k + 1, n - k - 1];
    const length = Math.sqrt(dotOf(a, at, a, at, count));
    const others = Math.sqrt(dotOf(a, at + 1, a, at + 1, count - 1));
    if (others === 0) {
      below[k] = a[at]!;
      a.fill(0, at, at + count);
      continue;
    }
    const target = a[at]! > 0 ? -length : length;
    below[k] = target;
    a[at]! -= target;
    const size = Math.sqrt(a[at]! ** 2 + others ** 2);
    for (let i = 0; i < count; i++) a[at + i]! /= size;
    reflectBoth(a, { n, first: k + 1, at, w });
  }
  const vectors = unit(n);
  // rows V = P₀P₁…, accumulated from the last reflector: it only touches the rows and columns after k
  const along = new Float64Array(n);
  for (let k = n - 2; k >= 0; k--) {
    const [at, count] = [k * n + k + 1, n - k - 1];
    along.fill(0, k + 1);
    for (let i = 0; i < count; i++)
      addScaled(along, k + 1, a[at + i]!, vectors, (k + 1 + i) * n + k + 1, count);
    for (let i = 0; i < count; i++)
      addScaled(vectors, (k + 1 + i) * n + k + 1, -2 * a[at + i]!, along, k + 1, count);
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i]!);
  return { diagonal, below, vectors: transposed(vectors, n) };
}

/** A ← PAP on the rows and columns from `first` on, P = I − 2vvᵀ with v at `at` of A itself. */
function reflectBoth(
  a: Float64Array,
  { n, first, at, w }: { n: number; first: number; at: number; w: Float64Array },
): void {
  const count = n - first;
  for (let i = 0; i < count; i++) w[i] = dotOf(a, (first + i) * n + first, a, at, count);
  const along = dotOf(w, 0, a, at, count);
  addScaled(w, 0, -along, a, at, count);
  for (let i = 0; i < count; i++) {
    const row = (first + i) * n + first;
    addScaled(a, row, -2 * a[at + i]!, w, 0, count);
    addScaled(a, row, -2 * w[i]!, a, at, count);
  }
}

export function transposed(x: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[j * n + i] = x[i * n + j]!;
  return out;
}

/**
 * Brings T to its eigenvalues in `diagonal`, and turns the rows of `vectors` along. What couples two of them is nothing beside the
 * whole matrix's rounding, as in EISPACK's tql2: beside two eigenvalues of a null space it may never be.
 */
function diagonalize(diagonal: Float64Array, below: Float64Array, vectors: Float64Array): void {
  const n = diagonal.length;
  const rows = rowsOf(vectors, n);
  const scale = diagonal.reduce((max, d, i) => Math.max(max, Math.abs(d) + Math.abs(below[i]!)), 0);
  const coupled = (i: number): boolean => scale + Math.abs(below[i]!) !== scale;
  for (let first = 0; first < n; first++) {
    for (let step = 0; ; step++) {
      let last = first;
      while (last + 1 < n && coupled(last)) last++;
      if (last === first) break;
      if (step === MAX_STEPS) throw new Error("internal: an eigenvalue did not settle");
      qlStep(diagonal, below, rows, { first, last });
    }
  }
}
