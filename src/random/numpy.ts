/**
 * The stream of NumPy's legacy generator (`np.random.seed(s)` or `np.random.RandomState(s)`), draw for draw:
 * same seed, same calls, same numbers. NumPy freezes this stream (NEP 19), so it can be reproduced for good.
 * Normals go through Math.log, whose last bit differs from glibc's for about 3 % of them: equal to 1e-15 relative.
 */
import { SteepestError } from "../run/errors.ts";
import { mt19937, nextUint32 } from "./mt19937.ts";
import { checkRange, checkSeed } from "./seed.ts";

/** What `numpy.random.RandomState.get_state()` holds. */
export interface NumpyState {
  readonly key: readonly number[];
  readonly pos: number;
  /** The second normal of the last polar pair when it has not been used yet. */
  readonly gauss: number | null;
}

/**
 * NumPy's legacy generator: each method gives the numbers that `numpy.random.RandomState` gives for the same
 * seed, and leaves it in the same state.
 */
export interface NumpyRandom {
  /** The generator's raw 32-bit output. */
  uint32(): number;
  /** n uniform doubles in [0, 1) with 53 bits. */
  rand(n: number): Float64Array;
  /** n uniform doubles in [low, high). */
  uniform(low: number, high: number, n: number): Float64Array;
  /** n standard normals: Marsaglia's polar method, second value of a pair kept for the next draw. */
  randn(n: number): Float64Array;
  normal(mean: number, std: number, n: number): Float64Array;
  /** n integers in [low, high), as `randint(low, high, n)` with its default 64-bit dtype. */
  randint(low: number, high: number, n: number): Float64Array;
  /** 0 … n−1 in random order. */
  permutation(n: number): Int32Array;
  /** Shuffles in place. */
  shuffle<T>(values: { [index: number]: T; readonly length: number }): void;
  /** n of 0 … population−1: with replacement, without (`replace: false`), or weighted by `p`. */
  choice(
    population: number,
    n: number,
    options?: { replace?: boolean; p?: readonly number[] },
  ): Float64Array | Int32Array;
  exponential(n: number): Float64Array;
  /** n counts of successes in `trials`; by inversion, so trials × min(p, 1−p) must not exceed 30. */
  binomial(trials: number, p: number, n: number): Float64Array;
  state(): NumpyState;
}

/** What every distribution is drawn from: bits, doubles, integers below a bound, normals in pairs. */
interface Draws {
  readonly uint32: () => number;
  /** Uniform in [0, 1) with 53 bits. */
  readonly double: () => number;
  readonly normal: () => number;
  /** An integer in [0, max] by rejection under the smallest covering bit mask. */
  readonly interval: (max: number) => number;
  readonly state: () => NumpyState;
}

function createDraws(seed: number | NumpyState): Draws {
  const fresh = typeof seed === "number";
  if (fresh) checkSeed(seed, 2 ** 32);
  const mt = fresh ? mt19937(seed) : { key: Uint32Array.from(seed.key), pos: seed.pos };
  let gauss = fresh ? null : seed.gauss;

  const uint32 = (): number => nextUint32(mt);
  const double = (): number => {
    const high = uint32() >>> 5;
    return (high * 67108864 + (uint32() >>> 6)) / 9007199254740992;
  };
  const normal = (): number => {
    if (gauss !== null) {
      const kept = gauss;
      gauss = null;
      return kept;
    }
    for (;;) {
      const x1 = 2 * double() - 1;
      const x2 = 2 * double() - 1;
      const r2 = x1 * x1 + x2 * x2;
      if (r2 >= 1 || r2 === 0) continue;
      const f = Math.sqrt((-2 * Math.log(r2)) / r2);
      gauss = f * x1;
      return f * x2;
    }
  };
  const interval = (max: number): number => {
    if (max === 0) return 0;
    if (max < 2 ** 32) {
      const mask = coveringMask(max);
      for (;;) {
        const value = (uint32() & mask) >>> 0;
        if (value <= max) return value;
      }
    }
    const mask = coveringMask(Math.floor(max / 2 ** 32));
    for (;;) {
      const high = (uint32() & mask) >>> 0;
      const value = high * 2 ** 32 + uint32();
      if (value <= max) return value;
    }
  };
  return { uint32, double, normal, interval, state: () => ({ key: [...mt.key], pos: mt.pos, gauss }) };
}

/** A generator in the state `np.random.RandomState(seed)` has. Throws `seed` unless 0 ≤ seed < 2³². */
export function numpyRandom(seed: number | NumpyState): NumpyRandom {
  const { uint32, double, normal, interval, state } = createDraws(seed);
  const draw = (n: number, one: () => number): Float64Array => {
    const out = new Float64Array(n);
    for (let i = 0; i < n; i++) out[i] = one();
    return out;
  };
  const randint = (low: number, high: number, n: number): Float64Array => {
    checkRange(low, high);
    return draw(n, () => low + interval(high - 1 - low));
  };
  const shuffle = <T>(values: { [index: number]: T; readonly length: number }): void => {
    for (let i = values.length - 1; i > 0; i--) {
      const j = interval(i);
      const kept = values[i]!;
      values[i] = values[j]!;
      values[j] = kept;
    }
  };
  const permutation = (n: number): Int32Array => {
    const out = Int32Array.from({ length: n }, (_, i) => i);
    shuffle(out);
    return out;
  };

  return {
    uint32,
    rand: (n) => draw(n, double),
    uniform: (low, high, n) => draw(n, () => low + (high - low) * double()),
    randn: (n) => draw(n, normal),
    normal: (mean, std, n) => draw(n, () => mean + std * normal()),
    randint,
    permutation,
    shuffle,
    choice(population, n, { replace = true, p } = {}) {
      if (p) return draw(n, weighted(p, population, double));
      if (replace) return randint(0, population, n);
      if (n > population) {
        throw new SteepestError("random-range", `cannot choose ${n} of ${population} without replacement`, {
          help: "ask for fewer values or allow replacement",
        });
      }
      return permutation(population).slice(0, n);
    },
    exponential: (n) => draw(n, () => -Math.log(1 - double())),
    binomial: (trials, p, n) =>
      p <= 0.5
        ? draw(n, binomialByInversion(trials, p, double))
        : draw(n, binomialByInversion(trials, 1 - p, double)).map((k) => trials - k),
    state,
  };
}

/** The smallest 2ᵏ−1 that is not below max, for max in [1, 2³²). */
function coveringMask(max: number): number {
  return 0xffffffff >>> Math.clz32(max);
}

/** Draws an index by searching the cumulative weights, from the right as NumPy does. */
function weighted(p: readonly number[], population: number, double: () => number): () => number {
  if (
    p.length !== population ||
    p.some((w) => !(w >= 0)) ||
    Math.abs(p.reduce((a, b) => a + b, 0) - 1) > 1e-8
  ) {
    throw new SteepestError("random-range", `p must hold ${population} probabilities that sum to 1`, {
      help: "divide the weights by their sum",
    });
  }
  let sum = 0;
  const cumulative = p.map((w) => (sum += w));
  return () => {
    const u = double();
    const index = cumulative.findIndex((c) => c / sum > u);
    return index < 0 ? p.length - 1 : index;
  };
}

/** Kachitvichyanukul & Schmeiser's inversion, as NumPy uses it while trials × p ≤ 30 (p ≤ ½). */
function binomialByInversion(trials: number, p: number, double: () => number): () => number {
  const mean = trials * p;
  if (!(p >= 0) || mean > 30) {
    throw new SteepestError("random-range", `binomial(${trials}, ${p}) is outside what inversion draws`, {
      help: "keep trials × min(p, 1 − p) at 30 or below, or sum several smaller binomials",
    });
  }
  const q = 1 - p;
  const atZero = Math.exp(trials * Math.log(q));
  const bound = Math.min(trials, mean + 10 * Math.sqrt(mean * q + 1));
  return () => {
    let k = 0;
    let mass = atZero;
    let u = double();
    while (u > mass) {
      k++;
      if (k > bound) {
        k = 0;
        mass = atZero;
        u = double();
      } else {
        u -= mass;
        mass = ((trials - k + 1) * p * mass) / (k * q);
      }
    }
    return k;
  };
}
