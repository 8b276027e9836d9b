/**
 * The random numbers of our own runs: one named stream per use ("init", "batches", "dropout" …), all from the run's
 * seed, none disturbing another. Block i of a stream is Threefry of (key, i), so state is a key and a counter, a resumed
 * run continues bit for bit, and any place can be read without drawing what lies before it.
 */
import { checkRange, checkSeed } from "./seed.ts";
import { threefry2x32, threefryInto } from "./threefry.ts";

/** Two 32-bit words that name a stream. */
export type StreamKey = readonly [number, number];

/** Where a stream stands: two numbers are all of it. */
export interface StreamState {
  readonly key: StreamKey;
  /** Number of 64-bit blocks drawn so far. */
  readonly counter: number;
}

/**
 * Random numbers of a key and a counter: the same key gives the same numbers wherever and in whatever order
 * streams are used.
 */
export interface Stream {
  /** n uniform doubles in [0, 1) with 53 bits; one block each. */
  uniform(n: number): Float64Array;
  /** n standard normals by Box–Muller; two blocks a pair, an odd n drops the last one's partner. */
  normal(n: number): Float64Array;
  /** n integers in [low, high); one block each. The bias is below (high − low)·2⁻⁵³. */
  integers(n: number, low: number, high: number): Float64Array;
  /** 0 … n−1 in random order; n − 1 blocks. */
  permutation(n: number): Int32Array;
  /** The two 32-bit words of block `counter`; draws nothing. */
  at(counter: number): [number, number];
  state(): StreamState;
}

/** The stream called `name` of the run seeded `seed` (0 … 2⁵³−1), or one that goes on from a saved state. */
export function stream(seed: number, name: string): Stream;
export function stream(state: StreamState): Stream;
export function stream(from: number | StreamState, name = ""): Stream {
  const key = typeof from === "number" ? streamKey(from, name) : from.key;
  let counter = typeof from === "number" ? 0 : from.counter;
  const [k0, k1] = key;
  const block = new Uint32Array(2);
  const next = (): number => {
    threefryInto(k0, k1, counter % 2 ** 32, Math.floor(counter / 2 ** 32), block);
    counter++;
    return unit53(block);
  };
  return {
    uniform(n) {
      const out = new Float64Array(n);
      for (let i = 0; i < n; i++) out[i] = next();
      return out;
    },
    normal(n) {
      const out = new Float64Array(n);
      for (let i = 0; i < n; i += 2) {
        const radius = Math.sqrt(-2 * Math.log(1 - next()));
        const angle = 2 * Math.PI * next();
        out[i] = radius * Math.cos(angle);
        if (i + 1 < n) out[i + 1] = radius * Math.sin(angle);
      }
      return out;
    },
    integers(n, low, high) {
      checkRange(low, high);
      const out = new Float64Array(n);
      for (let i = 0; i < n; i++) out[i] = low + Math.floor(next() * (high - low));
      return out;
    },
    permutation(n) {
      const out = new Int32Array(n);
      shuffleIdentity(out, next);
      return out;
    },
    at: (at) => threefry2x32(k0, k1, at % 2 ** 32, Math.floor(at / 2 ** 32)),
    state: () => ({ key, counter }),
  };
}

/**
 * Writes permutation number `index` (0 … 2³²−1) of the stream `key` over the whole of `out`, allocating nothing of
 * size n. Each index has its own 2³² blocks, so permutations do not overlap whatever their length.
 */
export function permutationInto(out: Int32Array, key: StreamKey, index: number): void {
  const block = new Uint32Array(2);
  let i = 0;
  shuffleIdentity(out, () => {
    threefryInto(key[0], key[1], i++, index, block);
    return unit53(block);
  });
}

/**
 * The key of a named stream: (seed, length of the name) and then the name's UTF-16 units, two to a word, chained through
 * Threefry as a Matyas–Meyer–Oseas hash (each block is encrypted under the digest so far and added to the result).
 */
export function streamKey(seed: number, name: string): StreamKey {
  checkSeed(seed, 2 ** 53);
  let key: [number, number] = threefry2x32(
    0x73746565,
    0x70657374,
    seed % 2 ** 32,
    Math.floor(seed / 2 ** 32),
  );
  const absorb = (a: number, b: number): void => {
    const [x, y] = threefry2x32(key[0], key[1], a, b);
    key = [(x ^ a) >>> 0, (y ^ b) >>> 0];
  };
  absorb(name.length, 0);
  const unit = (i: number): number => (i < name.length ? name.charCodeAt(i) : 0);
  for (let i = 0; i < name.length; i += 4) {
    absorb(unit(i) | (unit(i + 1) << 16), unit(i + 2) | (unit(i + 3) << 16));
  }
  return key;
}

/** 53 of a block's 64 bits as a double in [0, 1). */
function unit53(block: Uint32Array): number {
  return (block[0]! * 2097152 + (block[1]! >>> 11)) / 9007199254740992;
}

/** Fisher–Yates over 0 … n−1, from the inside out so that one pass writes and shuffles. */
function shuffleIdentity(out: Int32Array, uniform: () => number): void {
  if (out.length > 0) out[0] = 0;
  for (let i = 1; i < out.length; i++) {
    const j = Math.floor(uniform() * (i + 1));
    out[i] = out[j]!;
    out[j] = i;
  }
}
