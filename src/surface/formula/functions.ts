/** The functions a formula may call: on numbers (constants are folded) and on expressions. */

import type { Expr, Operand } from "../../engine/graph/index.ts";
import * as ops from "../../engine/graph/index.ts";
import { wholePower } from "../arithmetic.ts";
import { acos, asin, atan, atan2 } from "./inverse-trigonometry.ts";

const { abs, add, div, exp, floor, log, max, min, mul, neg, select, sqrt, sub } = ops;

export interface FormulaFunction {
  /** Fewest and most arguments. */
  readonly takes: readonly [number, number];
  readonly onNumbers: (...args: number[]) => number;
  /** At least one argument is an expression; the others may be numbers. */
  readonly onExpressions: (...args: Operand[]) => Expr;
}

const one = (onNumbers: (x: number) => number, onExpression: (x: Expr) => Expr): FormulaFunction => ({
  takes: [1, 1],
  onNumbers,
  onExpressions: (x) => onExpression(x as Expr),
});

const two = (
  onNumbers: (a: number, b: number) => number,
  onExpressions: (a: Operand, b: Operand) => Expr,
): FormulaFunction => ({ takes: [2, 2], onNumbers, onExpressions });

/** Any number of arguments in any order; the numbers among them are put together first. */
const many = (
  onNumbers: (...args: number[]) => number,
  combine: (a: Operand, b: Operand) => Expr,
): FormulaFunction => ({
  takes: [1, 100],
  onNumbers,
  onExpressions: (...args) => {
    const numbers = args.filter((a) => typeof a === "number");
    const rest = args.filter((a) => typeof a !== "number");
    return [...rest, ...(numbers.length > 0 ? [onNumbers(...numbers)] : [])].reduce(combine) as Expr;
  },
});

/** A constant's logarithm is taken here: an expression of a number alone would be float32. */
const logOf = (x: Operand): Operand => (typeof x === "number" ? Math.log(x) : log(x));
const squareOf = (x: Operand): Operand => (typeof x === "number" ? x * x : ops.square(x));

/** Exponents beyond this go through the engine's pow. */
const WHOLE = 1024;

/** aᵇ as a user means it: whole exponents by multiplication, halves by the root, e by exp. */
export function power(a: Operand, b: Operand): Operand {
  if (typeof a === "number") {
    if (typeof b === "number") return a ** b;
    return a === Math.E ? exp(b) : ops.pow(a, b);
  }
  if (b === 0) return 1;
  if (b === 0.5) return sqrt(a);
  if (typeof b === "number" && Number.isInteger(b) && Math.abs(b) <= WHOLE) return wholePower(a, b);
  return ops.pow(a, b);
}

/** x − y⌊x/y⌋; x itself for y = 0. */
const modulo = (x: Operand, y: Operand): Expr => {
  const inner = (by: Operand): Expr => sub(x, mul(by, floor(div(x, by))));
  if (typeof y === "number") return y === 0 ? (x as Expr) : inner(y);
  const none = ops.eq(y, 0);
  return select(none, x, inner(select(none, 1, y)));
};

const halfAwayFromZero = (x: Expr): Expr => mul(ops.sign(x), floor(add(abs(x), 0.5)));

export const functions: Readonly<Record<string, FormulaFunction>> = {
  abs: one(Math.abs, abs),
  acos: one(Math.acos, acos),
  acosh: one(Math.acosh, (x) => log(add(x, sqrt(mul(sub(x, 1), add(x, 1)))))),
  asin: one(Math.asin, asin),
  asinh: one(Math.asinh, (x) => mul(ops.sign(x), log(add(abs(x), sqrt(add(ops.square(x), 1)))))),
  atan: one(Math.atan, atan),
  atan2: two(Math.atan2, (y, x) => atan2(lift(y, x), lift(x, y))),
  atanh: one(Math.atanh, (x) => mul(0.5, sub(ops.log1p(x), ops.log1p(neg(x))))),
  cbrt: one(Math.cbrt, (x) => mul(ops.sign(x), ops.pow(abs(x), 1 / 3))),
  ceil: one(Math.ceil, (x) => neg(floor(neg(x)))),
  cos: one(Math.cos, ops.cos),
  cosh: one(Math.cosh, (x) => mul(0.5, add(exp(x), exp(neg(x))))),
  cot: one(
    (x) => 1 / Math.tan(x),
    (x) => div(ops.cos(x), ops.sin(x)),
  ),
  csc: one(
    (x) => 1 / Math.sin(x),
    (x) => div(1, ops.sin(x)),
  ),
  cube: one(
    (x) => x ** 3,
    (x) => wholePower(x, 3),
  ),
  exp: one(Math.exp, exp),
  expm1: one(Math.expm1, ops.expm1),
  floor: one(Math.floor, floor),
  hypot: many(Math.hypot, (a, b) => sqrt(add(squareOf(a), squareOf(b)))),
  ln: one(Math.log, log),
  log: {
    takes: [1, 2],
    onNumbers: (x, base = Math.E) => Math.log(x) / Math.log(base),
    onExpressions: (x, base = Math.E) => (base === Math.E ? log(x) : div(logOf(x), logOf(base))),
  },
  log10: one(Math.log10, (x) => mul(Math.LOG10E, log(x))),
  log1p: one(Math.log1p, ops.log1p),
  log2: one(Math.log2, (x) => mul(Math.LOG2E, log(x))),
  max: many(Math.max, max),
  min: many(Math.min, min),
  mod: two((x, y) => (y === 0 ? x : x - y * Math.floor(x / y)), modulo),
  pow: two(
    (a, b) => a ** b,
    (a, b) => lift(power(a, b), typeof a === "number" ? b : a),
  ),
  relu: one(
    (x) => Math.max(x, 0),
    (x) => max(x, 0),
  ),
  round: one((x) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5), halfAwayFromZero),
  sec: one(
    (x) => 1 / Math.cos(x),
    (x) => div(1, ops.cos(x)),
  ),
  sigmoid: one((x) => 1 / (1 + Math.exp(-x)), ops.sigmoid),
  sign: one(Math.sign, ops.sign),
  sin: one(Math.sin, ops.sin),
  sinh: one(Math.sinh, (x) => mul(0.5, sub(ops.expm1(x), ops.expm1(neg(x))))),
  sqrt: one(Math.sqrt, sqrt),
  square: one((x) => x * x, ops.square),
  tan: one(Math.tan, (x) => div(ops.sin(x), ops.cos(x))),
  tanh: one(Math.tanh, ops.tanh),
};

/** A number in the shape and dtype of the operand beside it. */
export function lift(value: Operand, like: Operand): Expr {
  return typeof value === "number" ? ops.fullLike(like as Expr, value) : value;
}
