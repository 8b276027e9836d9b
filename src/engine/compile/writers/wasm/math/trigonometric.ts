/**
 * sin and cos of float32. The quadrant n = round(x·2/π) and r = x − n·π/2 are computed in float64, where n·(π/2's first
 * 33 bits) is exact up to |n| = 2²⁰; |r| ≤ π/4 then goes into float32 polynomials. Beyond |x| = 10⁵ (and for ∞, NaN) a lane
 * asks the host.
 */

import { cosTail32, sinTail32 } from "../../coefficients.ts";
import { halfPi } from "../../float-format.ts";
import type { Local } from "../assembler/assembler.ts";
import { double, emitter, type MathContext, perLane, single, withVectors } from "./kit.ts";

const LARGEST = 1e5;

export const circular =
  (name: "sin" | "cos") =>
  (c: MathContext): void => {
    const e = emitter(c, single);
    const wide = emitter(c, double);
    const { f, op, constant, polynomial, mulAdd } = e;
    withVectors(f, 5, (x, low, high, r, z) => {
      /** Leaves n's bits (low in each lane) in `half` and r on the stack as two float32. */
      const reduceHalf = (half: Local): void => {
        f.op("f64x2.promote_low_f32x4").tee(r);
        wide.mulAdd(
          () => wide.constant(2 / Math.PI),
          () => wide.constant(double.magic),
        );
        f.tee(half);
        wide.constant(double.magic);
        wide.op("sub");
        f.set(z);
        for (const part of halfPi) {
          wide.subMul(
            () => f.get(r),
            () => f.get(z),
            () => wide.constant(part),
          );
          f.set(r);
        }
        f.get(r).op("f32x4.demote_f64x2_zero");
      };
      f.tee(x);
      reduceHalf(low);
      f.get(x).get(x).shuffle32(2, 3, 2, 3);
      reduceHalf(high);
      f.shuffle32(0, 1, 4, 5).tee(r).get(r);
      op("mul");
      f.set(z);
      f.get(low).get(high).shuffle32(0, 2, 4, 6);
      if (name === "cos") f.splat("i32x4", 1).op("i32x4.add");
      const quadrant = low;
      f.set(quadrant);
      // 1 − z/2 + z²·tail and r + r·z·tail; odd quadrants take the cosine, the upper two the minus sign.
      polynomial(z, [1, -0.5, ...cosTail32]);
      polynomial(z, sinTail32);
      f.get(z);
      op("mul");
      mulAdd(
        () => f.get(r),
        () => f.get(r),
      );
      f.get(quadrant).i32(31).op("i32x4.shl").i32(31).op("i32x4.shr_s").op("v128.bitselect");
      f.get(quadrant).splat("i32x4", 2).op("v128.and").i32(30).op("i32x4.shl").op("v128.xor").set(z);
      if (name === "sin") {
        // −0 was lost in the sum.
        f.get(x).get(z).get(x);
        constant(0);
        op("eq");
        f.op("v128.bitselect").set(z);
      }
      f.get(x);
      op("abs");
      constant(LARGEST);
      op("le");
      f.tee(r).op("i32x4.all_true").op("i32.eqz");
      f.if(() => {
        f.get(z).get(x);
        perLane(c, single, name);
        f.get(r).op("v128.bitselect").set(z);
      });
      f.get(z);
    });
  };
