/** erf of float32: x + x·near(x²) up to |x| = 1; 1 − e^{−g(|x|)}, g = −log erfc, beyond; 1 from 3.95 on. */
import { erfcLog32, erfNear32 } from "../../coefficients.ts";
import { expOfNegative } from "./exponential.ts";
import { emitter, type MathContext, single, withSignOf, withVectors } from "./kit.ts";

export function erf(c: MathContext): void {
  const e = emitter(c, single);
  const { f, op, constant, polynomial, mulAdd } = e;
  withVectors(f, 3, (argument, x, g) => {
    f.tee(argument);
    op("abs");
    constant(3.95);
    op("pmin");
    f.tee(x).get(x);
    op("mul");
    f.set(g);
    polynomial(g, erfNear32);
    mulAdd(
      () => f.get(x),
      () => f.get(x),
    );
    constant(1);
    polynomial(x, erfcLog32);
    f.set(g);
    expOfNegative(e, g);
    op("sub");
    f.get(x);
    constant(1);
    op("le");
    f.op("v128.bitselect");
    withSignOf(e, argument);
  });
}
