/**
 * The stream of PyTorch's CPU generator after `torch.manual_seed(s)`, draw for draw, as PyTorch 1.13 gives it.
 * Uniforms, integers and permutations are bit-exact; float64 normals to 1e-14 (libm's last bits); float32 normals in
 * blocks of 16 and more to 2e-6 absolute, because PyTorch's own AVX2 and portable builds differ there.
 */
import { mt19937, nextUint32 } from "./mt19937.ts";
import { checkRange, checkSeed } from "./seed.ts";

/** Dtypes that PyTorch's generator draws in here; each draws other numbers. */
export type TorchDType = "float32" | "float64";
/** The typed array of a dtype. */
export type FloatArrayOf<D extends TorchDType> = D extends "float32" ? Float32Array : Float64Array;

/** Where a generator stands. */
export interface TorchState {
  readonly key: readonly number[];
  readonly pos: number;
  /** The sine partner of the last single Box–Muller draw when it has not been used yet. */
  readonly gauss: number | null;
}

/**
 * PyTorch's generator on the CPU: each method gives the numbers that PyTorch gives for the same seed, and
 * leaves it in the same state.
 */
export interface TorchGenerator {
  /** `torch.rand(n)`: uniforms in [0, 1), 24 bits in float32 and 53 in float64. */
  rand<D extends TorchDType>(n: number, dtype: D): FloatArrayOf<D>;
  /** `empty(n).uniform_(low, high)`. */
  uniform<D extends TorchDType>(low: number, high: number, n: number, dtype: D): FloatArrayOf<D>;
  /** `torch.randn(n)`: fewer than 16 values are drawn one by one, 16 or more as a block. */
  randn<D extends TorchDType>(n: number, dtype: D): FloatArrayOf<D>;
  /** `empty(n).normal_(mean, std)`. */
  normal<D extends TorchDType>(mean: number, std: number, n: number, dtype: D): FloatArrayOf<D>;
  /** `torch.randint(low, high, (n,))`; newer versions draw 64 bits from ranges of 2²⁸ on, 1.13 from 2³² on. */
  randint(low: number, high: number, n: number): Float64Array;
  /** `torch.randperm(n)`. */
  randperm(n: number): Int32Array;
  /** `torch.bernoulli(p)` of a float32 tensor: 1 where a float32 uniform is below p. */
  bernoulli(p: Float32Array): Float32Array;
  state(): TorchState;
}

/** A generator in the state `torch.manual_seed(seed)` leaves; only the low 32 bits count. Throws `seed` unless 0 ≤ seed < 2⁵³. */
export function torchGenerator(seed: number | TorchState): TorchGenerator {
  const fresh = typeof seed === "number";
  if (fresh) checkSeed(seed, 2 ** 53);
  const mt = fresh ? mt19937(seed) : { key: Uint32Array.from(seed.key), pos: seed.pos };
  let gauss = fresh ? null : seed.gauss;

  const uint32 = (): number => nextUint32(mt);
  const unit24 = (): number => (uint32() & 0xffffff) / 2 ** 24;
  const unit53 = (): number => {
    const high = uint32() & 0x1fffff;
    return (high * 2 ** 32 + uint32()) / 2 ** 53;
  };
  const normalOne = (): number => {
    if (gauss !== null) {
      const kept = gauss;
      gauss = null;
      return kept;
    }
    const angle = 2 * Math.PI * unit53();
    const radius = Math.sqrt(-2 * Math.log1p(-unit53()));
    gauss = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  const fill = <D extends TorchDType>(n: number, dtype: D, one: () => number): FloatArrayOf<D> => {
    const out = allocate(dtype, n);
    for (let i = 0; i < n; i++) out[i] = one();
    return out;
  };
  const rand = <D extends TorchDType>(n: number, dtype: D): FloatArrayOf<D> =>
    fill(n, dtype, dtype === "float32" ? unit24 : unit53);

  const normal = <D extends TorchDType>(mean: number, std: number, n: number, dtype: D): FloatArrayOf<D> => {
    if (n < 16) return fill(n, dtype, () => normalOne() * std + mean);
    const out = rand(n, dtype);
    const full = n - (n % 16);
    for (let start = 0; start < full; start += 16) boxMuller16(out, start, mean, std, dtype);
    if (full < n) {
      out.set(rand(16, dtype), n - 16);
      boxMuller16(out, n - 16, mean, std, dtype);
    }
    return out;
  };

  return {
    rand,
    uniform(low, high, n, dtype) {
      const round = rounding(dtype);
      const [from, width] = [round(low), round(round(high) - round(low))];
      const unit = dtype === "float32" ? unit24 : unit53;
      return fill(n, dtype, () => fusedMultiplyAdd(unit(), width, from));
    },
    randn: (n, dtype) => normal(0, 1, n, dtype),
    normal,
    randint(low, high, n) {
      checkRange(low, high);
      const range = high - low;
      const out = new Float64Array(n);
      for (let i = 0; i < n; i++)
        out[i] = low + (range < 2 ** 32 ? uint32() % range : wideModulo(uint32(), uint32(), range));
      return out;
    },
    randperm(n) {
      const out = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = 0; i < n - 1; i++) {
        const j = i + (uint32() % (n - i));
        const kept = out[i]!;
        out[i] = out[j]!;
        out[j] = kept;
      }
      return out;
    },
    bernoulli: (p) => p.map((probability) => (unit24() < probability ? 1 : 0)),
    state: () => ({ key: [...mt.key], pos: mt.pos, gauss }),
  };
}

/** Turns 16 uniforms at `start` into normals: value j pairs with value j + 8. Every operation rounds to the dtype. */
function boxMuller16(
  values: Float32Array | Float64Array,
  start: number,
  mean: number,
  std: number,
  dtype: TorchDType,
): void {
  const round = rounding(dtype);
  for (let j = start; j < start + 8; j++) {
    const u1 = 1 - values[j]!;
    const radius = round(Math.sqrt(round(-2 * round(Math.log(u1)))));
    const angle = round(round(2 * Math.PI) * values[j + 8]!);
    values[j] = round(round(radius * round(Math.cos(angle))) * std) + mean;
    values[j + 8] = round(round(radius * round(Math.sin(angle))) * std) + mean;
  }
}

/**
 * a·b + c rounded once, as PyTorch's build contracts it: the product's error by Dekker's splitting, the sum's by Knuth's.
 * (The last sum can round a second time, when the exact value lies next to a tie.)
 */
function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const split = (x: number): number => {
    const t = 134217729 * x;
    return t - (t - x);
  };
  const [aHigh, bHigh] = [split(a), split(b)];
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  const product = a * b;
  const productError = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  const sum = product + c;
  const kept = sum - product;
  return sum + (product - (sum - kept) + (c - kept) + productError);
}

/** (high·2³² + low) mod range, exactly. */
function wideModulo(high: number, low: number, range: number): number {
  return Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(range));
}

function rounding(dtype: TorchDType): (x: number) => number {
  return dtype === "float32" ? Math.fround : (x) => x;
}

function allocate<D extends TorchDType>(dtype: D, n: number): FloatArrayOf<D> {
  return (dtype === "float32" ? new Float32Array(n) : new Float64Array(n)) as FloatArrayOf<D>;
}
