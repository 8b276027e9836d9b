/** The meaning of each elementwise primitive on one element, in float64. */
import { threefry2x32 } from "../../random/threefry.ts";
import type { DType } from "../graph/dtype.ts";
import type { ElementwisePrimitive, RandomKind } from "../graph/primitives.ts";

type Scalar = (a: number, b: number, c: number) => number;

/**
 * erf to about 1e-15: the Taylor series of x·e^{-x²}·Σ (2x²)^k/(2k+1)!! where it converges fast (DLMF 7.6.2), Lentz's
 * continued fraction of erfc beyond (DLMF 7.9.1).
 */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let term = z;
    let total = z;
    for (let k = 1; term > total * 1e-17; k++) {
      term *= (2 * z * z) / (2 * k + 1);
      total += term;
    }
    return (Math.sign(x) * 2 * Math.exp(-z * z) * total) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / ((z + fraction) * Math.sqrt(Math.PI)));
}

export const sigmoid = (x: number): number => {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
};

const not1 = (a: number): number => (a === 0 ? 1 : 0);
const truth = (b: boolean): number => (b ? 1 : 0);

export const elementwise: {
  readonly [P in Exclude<ElementwisePrimitive, "random" | "cast" | "div">]: Scalar;
} = {
  neg: (a) => -a,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  sqrt: Math.sqrt,
  rsqrt: (a) => 1 / Math.sqrt(a),
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid,
  erf,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  not: not1,
  stopGradient: (a) => a,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  pow: (a, b) => a ** b, // as IEEE pow except 1^±∞ and 1^NaN, which are NaN in JavaScript
  max: (a, b) => Math.max(a, b),
  min: (a, b) => Math.min(a, b),
  eq: (a, b) => truth(a === b),
  lt: (a, b) => truth(a < b),
  le: (a, b) => truth(a <= b),
  and: (a, b) => truth(a !== 0 && b !== 0),
  or: (a, b) => truth(a !== 0 || b !== 0),
  select: (c, a, b) => (c !== 0 ? a : b),
};

/** float → int32 truncates and saturates, NaN becomes 0 (as WebAssembly's trunc_sat). */
export function toDtype(a: number, dtype: DType): number {
  switch (dtype) {
    case "float32":
    case "float64":
      return a;
    case "int32":
      return Number.isNaN(a) ? 0 : Math.trunc(Math.min(2147483647, Math.max(-2147483648, a)));
    case "bool":
      return a !== 0 ? 1 : 0;
  }
}

export const divide = (a: number, b: number, dtype: DType): number =>
  dtype === "int32" ? (b === 0 ? 0 : Math.trunc(a / b) | 0) : a / b;

/**
 * Element `counter` of the stream with this key: Threefry-2x32-20 of (counter, 0) gives two words; uniforms take the
 * top 24 bits (float32) or 53 bits (float64) of them, normals are Box–Muller's cosine branch.
 */
export function randomElement(
  kind: RandomKind,
  dtype: DType,
  k0: number,
  k1: number,
  counter: number,
): number {
  const [x0, x1] = threefry2x32(k0, k1, counter, 0);
  const u0 = dtype === "float32" ? (x0 >>> 8) * 2 ** -24 : (x0 >>> 5) * 2 ** -27 + (x1 >>> 6) * 2 ** -53;
  if (kind === "uniform") return u0;
  const u1 = (x0 >>> 8) * 2 ** -24 + 2 ** -24;
  const angle = 2 * Math.PI * ((x1 >>> 8) * 2 ** -24);
  return Math.sqrt(-2 * Math.log(u1)) * Math.cos(angle);
}
