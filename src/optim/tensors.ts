import {
  abs,
  add,
  amax,
  cast,
  constant,
  div,
  type Expr,
  isFinite as finite,
  mul,
  not,
  type Operand,
  pow,
  select,
  sizeOf,
  sqrt,
  square,
  sub,
  sum,
} from "../engine/graph/index.ts";
import type { Tensors } from "./transform.ts";

/** A float64 scalar: what hyper-parameters and sums over several tensors are made of. */
export const scalar = (value: number): Expr => constant(value, { dtype: "float64" });

/** The same names with f of each tensor. */
export const mapTensors = (tensors: Tensors, f: (x: Expr, name: string) => Expr): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, f(x, name)]));

/** f of each tensor, cast back to the dtype of the tensor: a float64 scalar would widen a scalar parameter. */
export const mapKeeping = (tensors: Tensors, f: (x: Expr, name: string) => Expr): Tensors =>
  mapTensors(tensors, (x, name) => cast(f(x, name), x.dtype));

/** 1 − β, in float64 whether β is a number or a scheduled scalar. */
export const oneMinus = (beta: Operand): Operand => (typeof beta === "number" ? 1 - beta : sub(1, beta));

/** This step's scheduled momentum; the optimizer's own where no schedule sets one, or none at this step (NaN). */
export const momentumOr = (scheduled: Expr | undefined, own: number): Operand =>
  scheduled === undefined ? own : select(finite(scheduled), scheduled, own);

/** 1 − β^t as a float64 scalar: in float32, 1 − 0.999 would be off by 5e-5. */
export const biasCorrection = (beta: Operand, step: Expr): Expr => sub(1, pow(beta, step));

/** β·average + (1 − β)·x */
export const ema = (average: Expr, x: Expr, beta: Operand): Expr =>
  add(mul(beta, average), mul(oneMinus(beta), x));

/** p + u in p's dtype for each parameter. */
export const applyUpdates = (params: Tensors, updates: Tensors): Tensors =>
  mapTensors(params, (p, name) => add(p, cast(updates[name]!, p.dtype)));

/** Σ over all tensors of the scalars f gives, added up in float64. */
export const total = (tensors: Tensors, f: (x: Expr, name: string) => Expr): Expr =>
  Object.entries(tensors).reduce((t, [name, x]) => add(t, cast(f(x, name), "float64")), scalar(0));

/** √Σx² over one tensor, in its dtype. */
export const norm = (x: Expr): Expr => sqrt(sum(square(x)));

/** √Σx² over all tensors, float64. */
export const globalNorm = (tensors: Tensors): Expr => sqrt(total(tensors, (x) => sum(square(x))));

/** Σ a·b over all tensors, float64. */
export const globalDot = (a: Tensors, b: Tensors): Expr => total(a, (x, name) => sum(mul(x, b[name]!)));

/** √mean x² of one tensor; 0 of an empty one. */
export const rootMeanSquare = (x: Expr): Expr => sqrt(div(sum(square(x)), Math.max(1, sizeOf(x.shape))));

/** The largest |x|; 0 of an empty tensor. */
export const maxAbs = (x: Expr): Expr =>
  sizeOf(x.shape) === 0 ? constant(0, { dtype: x.dtype }) : amax(abs(x));

/** How many entries of all tensors are NaN or ±Infinity, float64. */
export const countNonFinite = (tensors: Tensors): Expr =>
  total(tensors, (x) => sum(cast(not(finite(x)), x.dtype)));
