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
/** −x; numbers of any dtype. */
export const neg: Unary = unary("neg", requireNumber);
/** |x|; numbers of any dtype. The slope at 0 is 0, as in PyTorch. */
export const abs: Unary = unary("abs", requireNumber);
/** −1, 0 or 1; NaN stays NaN. */
export const sign: Unary = unary("sign", requireNumber);
/** eˣ; float. */
export const exp: Unary = unary("exp");
/** The natural logarithm; float. NaN below 0, −∞ at 0. */
export const log: Unary = unary("log");
/** log(1 + x), exact for small x; float. */
export const log1p: Unary = unary("log1p");
/** eˣ − 1, exact for small x; float. */
export const expm1: Unary = unary("expm1");
/** The square root; float. NaN below 0. */
export const sqrt: Unary = unary("sqrt");
/** 1/√x; float. ∞ at 0. */
export const rsqrt: Unary = unary("rsqrt");
/** The sine of x in radians; float. */
export const sin: Unary = unary("sin");
/** The cosine of x in radians; float. */
export const cos: Unary = unary("cos");
/** The hyperbolic tangent; float. */
export const tanh: Unary = unary("tanh");
/** 1/(1 + e⁻ˣ) without overflow; float. */
export const sigmoid: Unary = unary("sigmoid");
/** The error function 2/√π · ∫₀ˣ e^(−t²) dt; float. */
export const erf: Unary = unary("erf");
/** The largest whole number that is at most x; float. Its gradient is 0. */
export const floor: Unary = unary("floor");
/** The opposite of each bool. Throws `shape` for another dtype. */
export const not: Unary = unary("not", (op, x) => {
  if (x.dtype !== "bool") throw shapeError(op, `needs a bool tensor, got ${describe(x)}`);
});
/** The same values, through which no gradient flows: PyTorch's `detach`. */
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

/** x². */
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

/** a + b, broadcast. Throws `shape` where shapes or dtypes do not fit. */
export const add: Binary = arithmetic("add");
/** a − b, broadcast. Throws `shape` where shapes or dtypes do not fit. */
export const sub: Binary = arithmetic("sub");
/**
 * a·b element by element, broadcast; `matmul` multiplies matrices. Throws `shape` where shapes or dtypes do
 * not fit.
 */
export const mul: Binary = arithmetic("mul");
/** Quotient; int32 truncates towards zero. */
export const div: Binary = arithmetic("div");
/** aᵇ, broadcast; float. NaN for a negative base with a power that is not whole. */
export const pow: Binary = (a, b) => {
  const e = arithmetic("pow")(a, b);
  requireFloat("pow", e);
  return e;
};
/** The larger of two; NaN wins. */
export const max: Binary = arithmetic("max");
/** The smaller of two; NaN wins. */
export const min: Binary = arithmetic("min");
/** a = b → bool, broadcast. NaN equals nothing. */
export const eq: Binary = comparison("eq");
/** a < b → bool, broadcast. False where one is NaN. */
export const lt: Binary = comparison("lt");
/** a ≤ b → bool, broadcast. False where one is NaN. */
export const le: Binary = comparison("le");
/** a > b → bool, broadcast. False where one is NaN. */
export const gt: Binary = (a, b) => lt(b, a);
/** a ≥ b → bool, broadcast. False where one is NaN. */
export const ge: Binary = (a, b) => le(b, a);
/** a ≠ b → bool, broadcast. True where one is NaN. */
export const ne: Binary = (a, b) => not(eq(a, b));
/** Both of two bools, broadcast. Throws `shape` for another dtype. */
export const and: (a: Expr, b: Expr) => Expr = logical("and");
/** At least one of two bools, broadcast. Throws `shape` for another dtype. */
export const or: (a: Expr, b: Expr) => Expr = logical("or");
/** True where x is neither NaN nor ±∞. */
export const isFinite: (x: Expr) => Expr = (x) => lt(abs(x), Number.POSITIVE_INFINITY);

/** x held between `lo` and `hi`; NaN stays NaN. */
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
