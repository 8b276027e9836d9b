/**
 * log and log1p: u = 2^e·(1 + f) with 1 + f from √½ to √2. float32 takes log(1 + f) = f − f²/2 + f³·tail(f); float64 takes
 * 2 artanh(s), s = f/(2 + f), arranged as in fdlibm so that f itself is added last.
 */
import type { Local } from "../assembler/assembler.ts";
import { type Emit, emitter, type Format, type MathContext, withSignOf, withVectors } from "./kit.ts";

/** Leaves e as a float in `exponent` and f in `rest`; the low bits of `biased` are e + bias. */
function split(e: Emit, u: Local, biased: Local, exponent: Local, rest: Local): void {
  const { f, format, bits, constant, op } = e;
  const { int, fraction, bias, rootHalf } = format;
  const one = BigInt(bias) << BigInt(fraction);
  f.get(u);
  bits(one - rootHalf);
  f.op(`${int}.add`).tee(rest).i32(fraction).op(`${int}.shr_u`).tee(biased);
  // An integer below 2^fraction, or-ed into the bits of 2^fraction, is that much more.
  constant(2 ** fraction);
  f.op("v128.or");
  constant(2 ** fraction + bias);
  op("sub");
  f.set(exponent).get(rest);
  bits((1n << BigInt(fraction)) - 1n);
  f.op("v128.and");
  bits(rootHalf);
  f.op(`${int}.add`);
  constant(1);
  op("sub");
  f.set(rest);
}

/** e·ln2 + log(1 + f) on the stack. */
function combine(e: Emit, exponent: Local, rest: Local): void {
  const { f, format, op, constant, mulAdd, polynomial, subMul } = e;
  const [high, low] = format.ln2;
  withVectors(f, 3, (square, s, half) => {
    f.get(rest).get(rest);
    op("mul");
    f.set(square);
    if (format.float === "f32x4") {
      polynomial(rest, format.logTail);
      f.get(rest);
      op("mul");
      mulAdd(
        () => f.get(square),
        () => {
          f.get(exponent);
          constant(low);
          op("mul");
        },
      );
      f.set(s);
      subMul(
        () => f.get(s),
        () => f.get(square),
        () => constant(0.5),
      );
      f.get(rest);
      op("add");
      f.set(s).get(exponent);
      mulAdd(
        () => constant(high),
        () => f.get(s),
      );
      return;
    }
    f.get(square);
    constant(0.5);
    op("mul");
    f.set(half).get(rest).get(rest);
    constant(2);
    op("add");
    op("div");
    f.tee(s).get(s);
    op("mul");
    f.set(square);
    // s·(f²/2 + s²·tail) + e·low, of which f²/2 is taken off and f added before e·high.
    polynomial(square, format.logTail);
    mulAdd(
      () => f.get(square),
      () => f.get(half),
    );
    mulAdd(
      () => f.get(s),
      () => {
        f.get(exponent);
        constant(low);
        op("mul");
      },
    );
    f.get(half);
    op("sub");
    f.get(rest);
    op("add");
    f.set(s).get(exponent);
    mulAdd(
      () => constant(high),
      () => f.get(s),
    );
  });
}

/** An i32 on the stack: whether every lane of `u` is a positive normal finite number. */
function allOrdinary({ f, format, constant, op }: Emit, u: Local): void {
  f.get(u);
  constant(format.minNormal);
  op("ge");
  f.get(u);
  constant(format.maxFinite);
  op("le");
  f.op("v128.and").op("i32x4.all_true");
}

/** Replaces `result` where u is 0 (−∞), negative (NaN), ∞ or NaN (itself). */
function mend({ f, format, constant, op, select }: Emit, u: Local, result: Local): void {
  constant(-Infinity);
  constant(Number.NaN);
  f.get(u);
  constant(0);
  op("eq");
  select();
  f.get(result).get(u);
  constant(0);
  op("le");
  select();
  f.get(u).get(u);
  constant(format.maxFinite);
  op("le");
  select();
  f.set(result);
}

export const log =
  (format: Format) =>
  (c: MathContext): void => {
    const e = emitter(c, format);
    const { f, op, constant } = e;
    const lift = format.fraction + 2; // subnormals are scaled up by 2^lift
    withVectors(f, 5, (x, u, biased, exponent, rest) => {
      const ordinary = f.local("i32");
      f.tee(x).set(u);
      allOrdinary(e, x);
      f.tee(ordinary).op("i32.eqz");
      f.if(() => {
        f.get(x);
        constant(2 ** lift);
        op("mul");
        f.get(x).get(x);
        constant(format.minNormal);
        op("lt");
        f.op("v128.bitselect").set(u);
      });
      split(e, u, biased, exponent, rest);
      f.get(ordinary).op("i32.eqz");
      f.if(() => {
        f.get(exponent).get(x);
        constant(format.minNormal);
        op("lt");
        constant(lift);
        f.op("v128.and");
        op("sub");
        f.set(exponent);
      });
      combine(e, exponent, rest);
      f.set(u).get(ordinary).op("i32.eqz");
      f.if(() => mend(e, x, u));
      f.get(u).release("i32", ordinary);
    });
  };

/** u = 1 + x rounded; what the rounding lost goes back into f (for small x it is x itself, digit for digit). */
export const log1p =
  (format: Format) =>
  (c: MathContext): void => {
    const e = emitter(c, format);
    const { f, op, constant, bits, mulAdd } = e;
    withVectors(f, 5, (x, u, biased, exponent, rest) => {
      f.tee(x);
      constant(1);
      op("add");
      f.set(u);
      split(e, u, biased, exponent, rest);
      // (min(x, 1) − (u − max(x, 1)))/2 · 2^(1 − e)
      f.get(x);
      constant(1);
      op("pmin");
      f.get(u).get(x);
      constant(1);
      op("pmax");
      op("sub");
      op("sub");
      constant(0.5);
      op("mul");
      mulAdd(
        () => {
          bits(BigInt(2 * format.bias + 1));
          f.get(biased).op(`${format.int}.sub`).i32(format.fraction).op(`${format.int}.shl`);
        },
        () => f.get(rest),
      );
      f.set(rest);
      combine(e, exponent, rest);
      f.set(rest);
      allOrdinary(e, u);
      f.op("i32.eqz").if(() => mend(e, u, rest));
      f.get(rest);
      withSignOf(e, x); // log1p(−0) is −0
    });
  };
