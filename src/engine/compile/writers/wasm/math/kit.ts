/** What the vector functions share: one description of a float format, and short forms for what they emit again and again. */

import { artanhTail64, expTail32, expTail64, logTail32 } from "../../coefficients.ts";
import type { FunctionWriter, Local } from "../assembler/assembler.ts";

export type HostFunction = "sin" | "cos" | "exp" | "log" | "log1p" | "expm1" | "tanh" | "pow" | "erf";

export interface MathContext {
  readonly f: FunctionWriter;
  /** Relaxed multiply-add is there and rounds once. */
  readonly fma: boolean;
  /** Emits the call of an imported function of the f64 (pow: two) on the stack. */
  readonly callHost: (name: HostFunction) => void;
}

/** One float format and its constants. */
export interface Format {
  readonly float: "f32x4" | "f64x2";
  readonly int: "i32x4" | "i64x2";
  /** Bits of the fraction. */
  readonly fraction: number;
  readonly bias: number;
  /** 1.5·2^fraction: adding it rounds to an integer, which then is in the low bits. */
  readonly magic: number;
  /** ln 2 in two parts; the first has so few bits that its products with exponents are exact. */
  readonly ln2: readonly [number, number];
  /** Arguments of exp beyond which the result is 0 or ∞. */
  readonly expRange: readonly [number, number];
  /** −x beyond which eˣ + 1 and eˣ − 1 round to ±1 and beyond. */
  readonly saturated: number;
  /** −x up to which eˣ is still a normal number. */
  readonly normal: number;
  readonly expTail: readonly number[];
  readonly logTail: readonly number[];
  readonly minNormal: number;
  readonly maxFinite: number;
  readonly signBit: bigint;
  /** Bits of √½. */
  readonly rootHalf: bigint;
}

export const single: Format = {
  float: "f32x4",
  int: "i32x4",
  fraction: 23,
  bias: 127,
  magic: 1.5 * 2 ** 23,
  ln2: [0.693359375, Math.LN2 - 0.693359375],
  expRange: [-104.5, 89],
  saturated: 20,
  normal: 86,
  expTail: expTail32,
  logTail: logTail32,
  minNormal: 2 ** -126,
  maxFinite: (2 - 2 ** -23) * 2 ** 127,
  signBit: 0x80000000n,
  rootHalf: 0x3f3504f3n,
};

const ln2High = Math.round(Math.LN2 * 2 ** 32) * 2 ** -32;
export const double: Format = {
  float: "f64x2",
  int: "i64x2",
  fraction: 52,
  bias: 1023,
  magic: 1.5 * 2 ** 52,
  // ln 2 to 33 more digits than float64 holds: 0.69314718055994530941723212145817657 (OEIS A002162)
  ln2: [ln2High, Math.LN2 - ln2High + 2.319046813846299e-17],
  expRange: [-746, 710],
  saturated: 44,
  normal: 707,
  expTail: expTail64,
  logTail: artanhTail64,
  minNormal: 2 ** -1022,
  maxFinite: Number.MAX_VALUE,
  signBit: 0x8000000000000000n,
  rootHalf: 0x3fe6a09e667f3bcdn,
};

/** Short forms over a writer: operands and results are on the stack, locals are v128. */
export interface Emit {
  readonly f: FunctionWriter;
  readonly format: Format;
  /** Arithmetic of the float format: `add` is f32x4.add or f64x2.add. */
  readonly op: (
    name: "add" | "sub" | "mul" | "div" | "pmin" | "pmax" | "abs" | "eq" | "lt" | "le" | "gt" | "ge",
  ) => void;
  readonly constant: (value: number) => void;
  readonly bits: (value: bigint) => void;
  /** stack · factor + addend, with one rounding where there is FMA. */
  readonly mulAdd: (factor: () => void, addend: () => void) => void;
  /** minuend − a·b. */
  readonly subMul: (minuend: () => void, a: () => void, b: () => void) => void;
  /** Σ c_k x^k, lowest power first. */
  readonly polynomial: (x: Local, coefficients: readonly number[]) => void;
  /** Stack: then, otherwise, mask. */
  readonly select: () => void;
}

export function emitter({ f, fma }: MathContext, format: Format): Emit {
  const { float, int } = format;
  const constant = (value: number): void => void f.splat(float, value);
  const mulAdd: Emit["mulAdd"] = (factor, addend) => {
    factor();
    if (!fma) f.op(`${float}.mul`);
    addend();
    f.op(fma ? `${float}.relaxed_madd` : `${float}.add`);
  };
  return {
    f,
    format,
    op: (name) => void f.op(`${float}.${name}`),
    constant,
    bits: (value) => void f.splat(int, value),
    mulAdd,
    subMul: (minuend, a, b) => {
      if (!fma) minuend();
      a();
      b();
      if (fma) minuend();
      else f.op(`${float}.mul`);
      f.op(fma ? `${float}.relaxed_nmadd` : `${float}.sub`);
    },
    polynomial: (x, coefficients) => {
      constant(coefficients[coefficients.length - 1]!);
      for (let k = coefficients.length - 2; k >= 0; k--) {
        mulAdd(
          () => f.get(x),
          () => constant(coefficients[k]!),
        );
      }
    },
    select: () => void f.op("v128.bitselect"),
  };
}

/** Runs `body` with fresh vector locals and gives them back. */
export function withVectors(f: FunctionWriter, count: number, body: (...v: Local[]) => void): void {
  const locals = Array.from({ length: count }, () => f.local("v128"));
  body(...locals);
  f.release("v128", ...locals);
}

/** Replaces `x` by the magnitude of the vector on the stack with the sign of `x`. */
export function withSignOf({ f, format, op, bits }: Emit, x: Local): void {
  op("abs");
  f.get(x);
  bits(format.signBit);
  f.op("v128.and").op("v128.or");
}

/** The host's function on each lane. Stack: argument(s) → result. */
export function perLane({ f, callHost }: MathContext, { float }: Format, name: HostFunction): void {
  const lanes = float === "f32x4" ? [0, 1, 2, 3] : [0, 1];
  withVectors(f, 2, (x, exponent) => {
    if (name === "pow") f.set(exponent);
    f.tee(x);
    for (const lane of lanes) {
      for (const argument of name === "pow" ? [x, exponent] : [x]) {
        f.get(argument).lane(`${float}.extract_lane`, lane);
        if (float === "f32x4") f.op("f64.promote_f32");
      }
      callHost(name);
      if (float === "f32x4") f.op("f32.demote_f64");
      f.lane(`${float}.replace_lane`, lane);
    }
  });
}
