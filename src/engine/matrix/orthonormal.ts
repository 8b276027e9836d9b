/**
 * Orthonormal rows with the spans of the given ones: the Q of a QR factorisation, by Gram–Schmidt in blocks that halve.
 * It is done again until no row loses half its length, which makes the rows orthonormal to rounding (Giraud, Langou &
 * Rozložník 2005: twice is enough), those included that depended on others.
 */
import { addScaled, dotOf, type Multiply } from "./multiply.ts";

/** Rows that are made orthonormal at once, where they are apart. */
const PANEL = 64;
/** Rows that are made orthonormal one by one. */
const FEW = 16;
/** The least share of its length², squared lengths apart, that a row of a panel keeps: what the next round mends. */
const APART = 1e-8;
/** Two rounds do, three where a row depended on others; every further one starts from orthonormal rows but a few. */
const MAX_ROUNDS = 6;

/** Rows [n, n] become orthonormal in place: row i spans with those before it what it did before. */
export function orthonormalize(rows: Float64Array, n: number, multiply: Multiply): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    for (let i = 0; i < n; i++) normalize(rows, n, i);
    if (orthogonalizeBetween(rows, { n, multiply, from: 0, to: n }) >= 0.5) return;
  }
}

/** Unit length; a row of zeros (or of nothing finite) becomes a unit vector, to be taken apart from the others. */
function normalize(rows: Float64Array, n: number, i: number): number {
  const length = Math.sqrt(dotOf(rows, i * n, rows, i * n, n));
  const known = length > 0 && length < Number.POSITIVE_INFINITY;
  for (let j = i * n; j < (i + 1) * n; j++) rows[j] = known ? rows[j]! / length : j === i * n + i ? 1 : 0;
  return known ? length : 0;
}

interface Block {
  readonly n: number;
  readonly multiply: Multiply;
  readonly from: number;
  readonly to: number;
}

/** Makes the rows from…to orthonormal among themselves; the shortest length that one had left. */
function orthogonalizeBetween(rows: Float64Array, { n, multiply, from, to }: Block): number {
  if (to - from <= FEW) return oneByOne(rows, n, from, to);
  const left = to - from <= PANEL ? atOnce(rows, { n, multiply, from, to }) : null;
  if (left !== null) return left;
  const middle = (from + to) >> 1;
  const first = orthogonalizeBetween(rows, { n, multiply, from, to: middle });
  const upper = rows.subarray(from * n, middle * n);
  const lower = rows.subarray(middle * n, to * n);
  const [m, k] = [to - middle, middle - from];
  const shares = multiply(lower, upper, { m, k: n, n: k, transposeB: true });
  const along = multiply(shares, upper, { m, k, n });
  for (let i = 0; i < along.length; i++) lower[i]! -= along[i]!;
  return Math.min(first, orthogonalizeBetween(rows, { n, multiply, from: middle, to }));
}

/**
 * The same by the Cholesky factor L of the rows' products, the rows times L⁻¹ (Stathopoulos & Wu 2002); null, and nothing is
 * done, where a row hardly differs from what those before it span.
 */
function atOnce(rows: Float64Array, { n, multiply, from, to }: Block): number | null {
  const k = to - from;
  const block = rows.subarray(from * n, to * n);
  const factor = multiply(block, block, { m: k, k: n, n: k, transposeB: true });
  let shortest = 1;
  for (let i = 0; i < k; i++) {
    const length = factor[i * k + i]!;
    for (let j = 0; j < i; j++)
      factor[i * k + j] = (factor[i * k + j]! - dotOf(factor, i * k, factor, j * k, j)) / factor[j * k + j]!;
    const left = length - dotOf(factor, i * k, factor, i * k, i);
    if (!(left > APART * length)) return null;
    factor[i * k + i] = Math.sqrt(left);
    shortest = Math.min(shortest, factor[i * k + i]!);
  }
  rows.set(multiply(inverseOfLower(factor, k), block, { m: k, k, n }), from * n);
  return shortest;
}

/** L⁻¹ of the lower triangular L [n, n]; what lies above L's diagonal is not read. */
function inverseOfLower(lower: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    out[i * n + i] = 1;
    for (let j = 0; j < i; j++) addScaled(out, i * n, -lower[i * n + j]!, out, j * n, j + 1);
    for (let j = 0; j <= i; j++) out[i * n + j]! /= lower[i * n + i]!;
  }
  return out;
}

/** The same, row after row; it can do with any rows. */
function oneByOne(rows: Float64Array, n: number, from: number, to: number): number {
  let shortest = 1;
  for (let i = from; i < to; i++) {
    for (let j = from; j < i; j++)
      addScaled(rows, i * n, -dotOf(rows, i * n, rows, j * n, n), rows, j * n, n);
    shortest = Math.min(shortest, normalize(rows, n, i));
  }
  return shortest;
}
