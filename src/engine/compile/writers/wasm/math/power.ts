/**
 * pow of float32 through float64: e^{y·log|x|}, accurate to far below half an ulp of float32, with the signs and special
 * cases of ECMAScript's Math.pow.
 */
import { exp } from "./exponential.ts";
import { double, emitter, type MathContext, single, withVectors } from "./kit.ts";
import { log } from "./logarithm.ts";

export function pow(c: MathContext): void {
  const { f, op, constant, bits } = emitter(c, single);
  withVectors(f, 3, (x, y, result) => {
    f.set(y).set(x);
    const half = (take: () => void): void => {
      f.get(x);
      op("abs");
      take();
      f.op("f64x2.promote_low_f32x4");
      log(double)(c);
      f.get(y);
      take();
      f.op("f64x2.promote_low_f32x4").op("f64x2.mul");
      exp(double)(c);
      f.op("f32x4.demote_f64x2_zero");
    };
    half(() => {});
    half(() => {
      f.set(result).get(result).get(result).shuffle32(2, 3, 2, 3);
    });
    f.shuffle32(0, 1, 4, 5).set(result);
    // An odd y keeps the sign of x: y/2 is not whole but y is.
    const isWhole = (scale: number): void => {
      f.get(y);
      constant(scale);
      op("mul");
      f.op("f32x4.trunc").get(y);
      constant(scale);
      op("mul");
      op("eq");
    };
    isWhole(1);
    isWhole(0.5);
    f.op("v128.andnot").get(x);
    bits(single.signBit);
    f.op("v128.and").op("v128.and").get(result).op("v128.or").set(result);
    // A finite negative x to a power that is not whole is NaN.
    constant(Number.NaN);
    f.get(result).get(x);
    constant(0);
    op("lt");
    f.get(x);
    constant(-single.maxFinite);
    op("ge");
    f.op("v128.and");
    isWhole(1);
    f.op("v128.andnot").op("v128.bitselect").set(result);
    constant(1);
    f.get(result).get(y);
    constant(0);
    op("eq");
    f.op("v128.bitselect");
  });
}
