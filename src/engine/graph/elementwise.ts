/**
 * Element by element. Numbers are lifted to the dtype of the other operand. As in PyTorch, a rank-0 float operand does not
 * widen a tensor of higher rank: a float64 scalar times a float32 tensor is float32.
 */

import { describe, requireFloat, requireNumber } from "./describe.ts";
import { type DType, isFloat } from "./dtype.ts";
import { type Expr, makeNode } from "./expr.ts";
import { constant, iota } from "./leaves.ts";
import { broadcastTo, reshape } from "./movement.ts";
import type { BinaryPrimitive, UnaryPrimitive } from "./primitives.ts";
import { broadcastShapes, type Shape, sameShape, shapeError, showShape, sizeOf } from "./shape.ts";

/** An expression or a number standing for a scalar constant. */
export type Operand = Expr | number;

const unary =
  (op: UnaryPrimitive, check: (op: string, x: Expr) => void = requireFloat) =>
  (x: Operand): Expr => {
    const e = typeof x === "number" ? constant(x) : x;
    check(op, e);
    return makeNode(op, [e], {}, e.shape, e.dtype);
  };

type Unary = (x: Operand) => Expr;
export const neg: Unary = unary("neg", requireNumber);
export const abs: Unary = unary("abs", requireNumber);
/** −1, 0 or 1; NaN stays NaN. */
export const sign: Unary = unary("sign", requireNumber);
export const exp: Unary = unary("exp");
export const log: Unary = unary("log");
export const log1p: Unary = unary("log1p");
export const expm1: Unary = unary("expm1");
export const sqrt: Unary = unary("sqrt");
export const rsqrt: Unary = unary("rsqrt");
export const sin: Unary = unary("sin");
export const cos: Unary = unary("cos");
export const tanh: Unary = unary("tanh");
export const sigmoid: Unary = unary("sigmoid");
export const erf: Unary = unary("erf");
export const floor: Unary = unary("floor");
export const not: Unary = unary("not", (op, x) => {
  if (x.dtype !== "bool") throw shapeError(op, `needs a bool tensor, got ${describe(x)}`);
});
export const stopGradient: Unary = unary("stopGradient", () => {});

/**
 * `value` with a declared derivative: `slope` with respect to `x`, and none through `value` itself. Higher derivatives
 * are those of `slope`. All of one shape and dtype.
 */
export function withGradient(value: Expr, x: Expr, slope: Expr): Expr {
  for (const e of [x, slope]) {
    if (!sameShape(e.shape, value.shape) || e.dtype !== value.dtype) {
      throw shapeError("withGradient", `${describe(e)} does not fit the value ${describe(value)}`);
    }
  }
  return makeNode("withGradient", [value, x, slope], {}, value.shape, value.dtype);
}

export const square = (x: Expr): Expr => mul(x, x);

/** To another dtype. float → int32 truncates towards zero, anything → bool is "not zero". */
export function cast(x: Expr, dtype: DType): Expr {
  return x.dtype === dtype ? x : makeNode("cast", [x], {}, x.shape, dtype);
}

/** Numbers take the other operand's dtype; a rank-0 float follows a float tensor of higher rank. */
function unify(op: string, a: Operand, b: Operand): [Expr, Expr] {
  if (typeof a === "number")
    return unify(op, constant(a, { dtype: typeof b === "number" ? "float32" : numberDtype(b) }), b);
  if (typeof b === "number") return [a, constant(b, { dtype: numberDtype(a) })];
  if (a.dtype === b.dtype) return [a, b];
  if (isFloat(a.dtype) && isFloat(b.dtype)) {
    if (a.shape.length === 0 && b.shape.length > 0) return [cast(a, b.dtype), b];
    if (b.shape.length === 0 && a.shape.length > 0) return [a, cast(b, a.dtype)];
    if (a.shape.length === 0) return [cast(a, "float64"), cast(b, "float64")];
  }
  throw shapeError(op, `dtypes differ: ${describe(a)} and ${describe(b)}`, "cast one of them");
}

const numberDtype = (other: Expr): DType => (other.dtype === "bool" ? "float32" : other.dtype);

/** Both operands at their common shape. */
function align(op: string, a: Expr, b: Expr): [Expr, Expr] {
  const shape = broadcastShapes(a.shape, b.shape);
  if (shape === null)
    throw shapeError(op, `shapes ${showShape(a.shape)} and ${showShape(b.shape)} do not broadcast`);
  return [broadcastTo(a, shape), broadcastTo(b, shape)];
}

type Binary = (a: Operand, b: Operand) => Expr;

const arithmetic =
  (op: BinaryPrimitive): Binary =>
  (a, b) => {
    const [x, y] = align(op, ...unify(op, a, b));
    requireNumber(op, x);
    return makeNode(op, [x, y], {}, x.shape, x.dtype);
  };

const comparison =
  (op: "eq" | "lt" | "le"): Binary =>
  (a, b) => {
    const [x, y] = align(op, ...unify(op, a, b));
    return makeNode(op, [x, y], {}, x.shape, "bool");
  };

const logical =
  (op: "and" | "or"): ((a: Expr, b: Expr) => Expr) =>
  (a, b) => {
    const [x, y] = align(op, a, b);
    if (x.dtype !== "bool" || y.dtype !== "bool")
      throw shapeError(op, `needs bool tensors, got ${describe(a)} and ${describe(b)}`);
    return makeNode(op, [x, y], {}, x.shape, "bool");
  };

export const add: Binary = arithmetic("add");
export const sub: Binary = arithmetic("sub");
export const mul: Binary = arithmetic("mul");
/** Quotient; int32 truncates towards zero. */
export const div: Binary = arithmetic("div");
export const pow: Binary = (a, b) => {
  const e = arithmetic("pow")(a, b);
  requireFloat("pow", e);
  return e;
};
/** The larger of two; NaN wins. */
export const max: Binary = arithmetic("max");
/** The smaller of two; NaN wins. */
export const min: Binary = arithmetic("min");
export const eq: Binary = comparison("eq");
export const lt: Binary = comparison("lt");
export const le: Binary = comparison("le");
export const gt: Binary = (a, b) => lt(b, a);
export const ge: Binary = (a, b) => le(b, a);
export const ne: Binary = (a, b) => not(eq(a, b));
export const and: (a: Expr, b: Expr) => Expr = logical("and");
export const or: (a: Expr, b: Expr) => Expr = logical("or");
/** True where x is neither NaN nor ±∞. */
export const isFinite: (x: Expr) => Expr = (x) => lt(abs(x), Number.POSITIVE_INFINITY);

export const clamp = (x: Expr, lo: Operand, hi: Operand): Expr => min(max(x, lo), hi);

/** `a` where `condition` holds, else `b`; the unchosen side does not leak NaN. */
export function select(condition: Expr, a: Operand, b: Operand): Expr {
  if (condition.dtype !== "bool")
    throw shapeError("select", `the condition is ${describe(condition)}, not bool`);
  const [x, y] = align("select", ...unify("select", a, b));
  const [c, z] = align("select", condition, x);
  return makeNode("select", [c, z, broadcastTo(y, z.shape)], {}, z.shape, z.dtype);
}

/** Uniform in [0, 1) or standard normal numbers: element i is made of (key, counter i) alone. */
export function random(
  kind: "uniform" | "normal",
  shape: Shape,
  { key, dtype = "float32" }: { key: readonly [Expr, Expr]; dtype?: "float32" | "float64" },
): Expr {
  const counter = reshape(iota([sizeOf(shape)]), shape);
  const [k0, k1] = key.map((k) => {
    if (k.dtype !== "int32" || k.shape.length !== 0)
      throw shapeError("random", `a key word is ${describe(k)}, not an int32 scalar`);
    return broadcastTo(k, shape);
  });
  return makeNode("random", [k0!, k1!, counter], { kind }, shape, dtype);
}
