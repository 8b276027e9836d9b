/**
 * Both ends of a symmetric operator's spectrum by Lanczos with full reorthogonalisation (Golub & Van Loan, chapter 10).
 * A Ritz value never lies outside the spectrum: `largest` is a lower bound of λmax and `smallest` an upper bound of λmin.
 * An eigenvalue lies within `error` of each; that it is the outermost one is certain only when `complete`, and holds
 * with a random start for all but freak cases otherwise.
 */
import { stream } from "../random/index.ts";
import { NonFiniteError, SteepestError } from "../run/errors.ts";
import { addScaled, dot, norm, type SymmetricOperator } from "./operator.ts";
import { type Eigen, tridiagonalEigen } from "./tridiagonal.ts";

/** An approximate eigenvalue with its vector and a bound on its error. */
export interface RitzPair {
  readonly value: number;
  /** ‖Hx − value·x‖ for the vector of length one: an eigenvalue lies this close. */
  readonly error: number;
  readonly vector: Float64Array;
}

/** What Lanczos's iteration found of a spectrum. */
export interface Spectrum {
  readonly largest: RitzPair;
  readonly smallest: RitzPair;
  /** The largest, as many as were asked for and found, in descending order: `largest` first. */
  readonly leading: readonly RitzPair[];
  /** All Ritz values, ascending. */
  readonly ritz: Float64Array;
  /** Squared first components of the Ritz vectors: weights of the spectral density that this start vector sees. */
  readonly weights: Float64Array;
  /** Products with the operator. */
  readonly products: number;
  /** The edges asked for are within the tolerance. */
  readonly converged: boolean;
  /** The whole space, or an invariant part of it that a random start fills, was searched: the edges are exact but for rounding. */
  readonly complete: boolean;
}

/** Options of `lanczos`. */
export interface LanczosOptions {
  /** Which ends have to converge. Default both. */
  readonly edges?: "both" | "largest";
  /** So many of the largest values have to converge. Default 1. Of equal ones a single start finds one. */
  readonly leading?: number;
  /** Relative error of a Ritz value at which the search ends. Default 1e-4. */
  readonly tolerance?: number;
  /** Products at most. Default 100, fewer where the basis would need more than 1 GiB. */
  readonly maxIterations?: number;
  /** Of the random start vector. */
  readonly seed?: number;
  /** Start here instead: the last search's vector, when the operator has changed little. */
  readonly start?: Float64Array;
  /** Called after every product; what it returns is waited for. */
  readonly onStep?: (products: number) => Promise<void> | undefined;
}

const BASIS_BYTES = 2 ** 30;
/** Off-diagonal entries this small against the norm are rounding: the basis spans an invariant space. */
const BREAKDOWN = 1e-13;

/**
 * The ends of a symmetric operator's spectrum from products with it alone, by Lanczos's iteration with full
 * reorthogonalisation (Golub & Van Loan 2013, section 10.1). Throws `curvature` for an operator of size 0
 * and for products that are not finite.
 */
export async function lanczos(
  operator: SymmetricOperator,
  {
    edges = "both",
    leading = 1,
    tolerance = 1e-4,
    maxIterations = 100,
    seed = 0,
    start,
    onStep,
  }: LanczosOptions = {},
): Promise<Spectrum> {
  const { size } = operator;
  if (size === 0) {
    throw new SteepestError("curvature", "there are no parameters to take the curvature in", {
      help: "give the model at least one trained layer",
    });
  }
  const limit = Math.max(1, Math.min(maxIterations, size, Math.floor(BASIS_BYTES / (8 * size))));
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const beside: number[] = [];
  let next = unit(start ?? stream(seed, "lanczos").normal(size));
  let scale = 0;
  for (;;) {
    const k = basis.length;
    basis.push(next);
    const w = new Float64Array(size);
    operator.apply(next, w);
    const a = dot(w, next);
    if (!Number.isFinite(a)) throw notFinite(k + 1);
    diagonal.push(a);
    // twice is enough (Parlett's rule); the three-term recurrence alone loses orthogonality
    for (let pass = 0; pass < 2; pass++) for (const q of basis) addScaled(w, -dot(w, q), q);
    const b = norm(w);
    if (!Number.isFinite(b)) throw notFinite(k + 1);
    scale = Math.max(scale, Math.abs(a) + b + (beside.at(-1) ?? 0));
    await onStep?.(k + 1);
    const complete = k + 1 === size || b <= BREAKDOWN * scale;
    const last = complete || k + 1 >= limit;
    // an eigenproblem of k rows costs k³: look at every row first, then now and then
    if (last || k < 12 || k % 4 === 0) {
      const eigen = tridiagonalEigen(diagonal, beside);
      const rest = complete ? 0 : b;
      const done = edgesConverged(eigen, rest, { edges, leading, tolerance, whole: limit === size });
      if (last || done) {
        return {
          ...pairs(eigen, rest, { basis, leading }),
          products: k + 1,
          converged: complete || done,
          complete,
        };
      }
    }
    beside.push(b);
    next = w;
    for (let i = 0; i < size; i++) next[i] = next[i]! / b;
  }
}

/**
 * The smaller edge of a large problem's Hessian lies among thousands of values near zero, which nothing resolves: there
 * its error is measured against the larger edge.
 */
function edgesConverged(
  { values, vectors }: Eigen,
  rest: number,
  {
    edges,
    leading,
    tolerance,
    whole,
  }: { edges: "both" | "largest"; leading: number; tolerance: number; whole: boolean },
): boolean {
  const m = values.length;
  if (m < Math.max(2, leading)) return rest === 0;
  const error = (i: number): number => rest * Math.abs(vectors[i]![m - 1]!);
  const size = Math.max(Math.abs(values[0]!), Math.abs(values[m - 1]!));
  const good = (i: number): boolean =>
    error(i) <= tolerance * (whole ? Math.abs(values[i]!) : size) || error(i) <= BREAKDOWN * size;
  const tops = Array.from({ length: leading }, (_, i) => m - 1 - i);
  return tops.every(good) && (edges === "largest" || good(0));
}

function pairs(
  { values, vectors }: Eigen,
  rest: number,
  { basis, leading }: { readonly basis: readonly Float64Array[]; readonly leading: number },
): Pick<Spectrum, "largest" | "smallest" | "leading" | "ritz" | "weights"> {
  const m = values.length;
  const pair = (i: number): RitzPair => {
    const vector = new Float64Array(basis[0]!.length);
    basis.forEach((q, j) => addScaled(vector, vectors[i]![j]!, q));
    return { value: values[i]!, error: rest * Math.abs(vectors[i]![m - 1]!), vector };
  };
  const weights = Float64Array.from(vectors, (v) => v[0]! ** 2);
  const first = Array.from({ length: Math.max(1, Math.min(leading, m)) }, (_, i) => pair(m - 1 - i));
  return { largest: first[0]!, smallest: pair(0), leading: first, ritz: values, weights };
}

function unit(v: Float64Array): Float64Array {
  const length = norm(v);
  if (!(length > 0 && Number.isFinite(length))) {
    throw new SteepestError("curvature", `the start vector has length ${length}`, {
      help: "start from a finite vector other than zero, or leave it out",
    });
  }
  return v.map((x) => x / length);
}

const notFinite = (product: number): NonFiniteError =>
  new NonFiniteError(`product ${product} with the Hessian is NaN or infinite`, {
    help: "look at a point where the loss is finite: an earlier checkpoint, a smaller learning rate, scaled data",
  });
