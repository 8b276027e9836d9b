/**
 * The elementary functions as inline SIMD: v128 argument(s) on the stack (pow: base, then exponent) → v128 result. No
 * memory is touched; a lane's result doesn't depend on its neighbours or on the lane it is in.
 */
import type { PolynomialPrimitive } from "../../../../graph/primitives.ts";
import { erf } from "./erf.ts";
import { exp, expm1, sigmoid, tanh } from "./exponential.ts";
import { double, type MathContext, perLane, single } from "./kit.ts";
import { log, log1p } from "./logarithm.ts";
import { pow } from "./power.ts";
import { circular } from "./trigonometric.ts";

export type { HostFunction, MathContext } from "./kit.ts";

type Emitters = Readonly<Record<PolynomialPrimitive, (c: MathContext) => void>>;

export const f32x4Math: Emitters = {
  exp: exp(single),
  log: log(single),
  log1p: log1p(single),
  expm1: expm1(single),
  tanh: tanh(single),
  sigmoid: sigmoid(single),
  erf,
  sin: circular("sin"),
  cos: circular("cos"),
  pow,
};

const host =
  (name: "sin" | "cos" | "erf" | "pow") =>
  (c: MathContext): void =>
    perLane(c, double, name);

export const f64x2Math: Emitters = {
  exp: exp(double),
  log: log(double),
  log1p: log1p(double),
  expm1: expm1(double),
  tanh: tanh(double),
  sigmoid: sigmoid(double),
  erf: host("erf"),
  sin: host("sin"),
  cos: host("cos"),
  pow: host("pow"),
};
