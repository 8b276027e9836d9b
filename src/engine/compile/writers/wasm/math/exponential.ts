/**
 * exp, expm1, tanh and sigmoid: x = n·ln2 + r with |r| ≤ ln2/2, n rounded by adding 1.5·2^fraction so that it stands in
 * the low bits and a shift makes 2ⁿ of it; e^r = 1 + r + r²/2 + r³·tail(r).
 */
import type { Local } from "../assembler/assembler.ts";
import { type Emit, emitter, type Format, type MathContext, withSignOf, withVectors } from "./kit.ts";

/**
 * Splits `sign`·x: afterwards the low bits of `t` are n + shift, and `x` itself holds `sign`·r.
 */
function reduce(e: Emit, x: Local, t: Local, n: Local, shift: number, sign: 1 | -1 = 1): void {
  const { f, format, constant, mulAdd, subMul, op } = e;
  f.get(x);
  mulAdd(
    () => constant(sign * Math.LOG2E),
    () => constant(format.magic + shift),
  );
  f.tee(t);
  constant(format.magic + shift);
  op("sub");
  f.set(n);
  for (const part of format.ln2) {
    subMul(
      () => f.get(x),
      () => f.get(n),
      () => constant(sign * part),
    );
    f.set(x);
  }
}

/** Keeps `x` between the bounds; NaN stays. */
function clamp({ f, constant, op }: Emit, x: Local, low: number | null, high: number | null): void {
  f.get(x);
  if (high !== null) {
    constant(high);
    op("pmin");
  }
  if (low !== null) {
    constant(low);
    op("pmax");
  }
  f.set(x);
}

/** 1·2^(low bits of t − bias), the exponent field being the low bits. */
const power = ({ f, format }: Emit, t: Local): void =>
  void f.get(t).i32(format.fraction).op(`${format.int}.shl`);

const alternate = (c: readonly number[]): number[] => c.map((v, k) => (k % 2 === 0 ? v : -v));

/** e^r from r, or from −r. */
function expOfRest({ format, polynomial }: Emit, r: Local, sign: 1 | -1 = 1): void {
  const coefficients = [1, 1, 0.5, ...format.expTail];
  polynomial(r, sign === 1 ? coefficients : alternate(coefficients));
}

/** e^r − 1 = r + r²·(½ + r·tail). */
function expm1OfRest({ f, format, polynomial, mulAdd, op }: Emit, r: Local): void {
  polynomial(r, [0.5, ...format.expTail]);
  mulAdd(
    () => {
      f.get(r).get(r);
      op("mul");
    },
    () => f.get(r),
  );
}

export const exp =
  (format: Format) =>
  (c: MathContext): void => {
    const e = emitter(c, format);
    const { f, op } = e;
    withVectors(f, 3, (x, t, n) => {
      f.set(x);
      clamp(e, x, ...format.expRange);
      // In two factors, 2^⌊n/2⌋ and the rest, so that n = −150 (−1075) and 128 (1024) are within range.
      reduce(e, x, t, n, 2 * format.bias);
      expOfRest(e, x);
      f.get(t).i32(1).op(`${format.int}.shr_u`).tee(n).i32(format.fraction).op(`${format.int}.shl`);
      op("mul");
      f.get(t).get(n).op(`${format.int}.sub`).i32(format.fraction).op(`${format.int}.shl`);
      op("mul");
    });
  };

export const expm1 =
  (format: Format) =>
  (c: MathContext): void => {
    const e = emitter(c, format);
    const { f, op, constant, mulAdd } = e;
    withVectors(f, 4, (argument, x, t, n) => {
      f.tee(argument).set(x);
      clamp(e, x, -format.saturated, format.expRange[1]);
      // Half of the result, since 2ⁿ itself can be beyond the largest number: (e^r − 1)·2ⁿ⁻¹ + (2ⁿ⁻¹ − ½).
      reduce(e, x, t, n, format.bias - 1);
      power(e, t);
      f.set(t);
      expm1OfRest(e, x);
      mulAdd(
        () => f.get(t),
        () => {
          f.get(t);
          constant(0.5);
          op("sub");
        },
      );
      f.tee(x).get(x);
      op("add");
      withSignOf(e, argument);
    });
  };

/** tanh |x| = −m/(m + 2) with m = e^{−2|x|} − 1, which keeps every digit near 0 and is exactly 1 when m is −1. */
export const tanh =
  (format: Format) =>
  (c: MathContext): void => {
    const e = emitter(c, format);
    const { f, op, constant, bits, mulAdd } = e;
    withVectors(f, 4, (argument, x, t, n) => {
      f.tee(argument);
      bits(format.signBit);
      f.op("v128.or").tee(x).get(x);
      op("add");
      f.set(x);
      clamp(e, x, -format.saturated, null);
      reduce(e, x, t, n, format.bias);
      power(e, t);
      f.set(t);
      expm1OfRest(e, x);
      mulAdd(
        () => f.get(t),
        () => {
          f.get(t);
          constant(1);
          op("sub");
        },
      );
      f.tee(x).get(x);
      constant(2);
      op("add");
      op("div");
      withSignOf(e, argument);
    });
  };

/**
 * e^{−x} for x in the local, which is overwritten; only normal numbers, the smallest for larger x. In halves that are
 * added, since 2ⁿ itself can be beyond the largest number.
 */
export function expOfNegative(e: Emit, x: Local): void {
  const { f, format, op } = e;
  withVectors(f, 2, (t, n) => {
    clamp(e, x, -format.expRange[1], format.normal);
    reduce(e, x, t, n, format.bias - 1, -1);
    expOfRest(e, x, -1);
    power(e, t);
    op("mul");
    f.tee(x).get(x);
    op("add");
  });
}

/** 1/(1 + e^{−x}); e^{−x} overflows to ∞ where the result is below the normal numbers, and then 1/∞ = 0. */
export const sigmoid =
  (format: Format) =>
  (c: MathContext): void => {
    const e = emitter(c, format);
    const { f, op, constant } = e;
    withVectors(f, 1, (x) => {
      f.set(x);
      constant(1);
      expOfNegative(e, x);
      constant(1);
      op("add");
      op("div");
    });
  };
