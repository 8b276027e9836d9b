/** What the vector functions share: one description of a float format, and short forms for what they emit again and again. */

import { type FloatFormat, float32, float64 } from "../../float-format.ts";
import type { FunctionWriter, Local } from "../assembler/assembler.ts";

export type HostFunction = "sin" | "cos" | "exp" | "log" | "log1p" | "expm1" | "tanh" | "pow" | "erf";

export interface MathContext {
  readonly f: FunctionWriter;
  /** Relaxed multiply-add is there and rounds once. */
  readonly fma: boolean;
  /** Emits the call of an imported function of the f64 (pow: two) on the stack. */
  readonly callHost: (name: HostFunction) => void;
}

/** A float format in vectors. */
export interface Format extends FloatFormat {
  readonly float: "f32x4" | "f64x2";
  readonly int: "i32x4" | "i64x2";
}

export const single: Format = { ...float32, float: "f32x4", int: "i32x4" };
export const double: Format = { ...float64, float: "f64x2", int: "i64x2" };

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
