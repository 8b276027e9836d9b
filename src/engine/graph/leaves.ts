/** Where values come from: the host, constants, counters. */
import type { DType, TypedArray } from "./dtype.ts";
import { type Expr, makeNode, type Node } from "./expr.ts";
import { broadcastTo } from "./movement.ts";
import { normalizeAxes, type Shape, shapeError, showShape, sizeOf } from "./shape.ts";

/** A tensor the host (or the previous step) provides. */
export function input(name: string, shape: Shape, dtype: DType = "float32"): Node<"input"> {
  shape.forEach((d) => {
    if (!Number.isInteger(d) || d < 0) throw shapeError("input", `${name} has shape ${showShape(shape)}`);
  });
  return makeNode("input", [], { name }, shape, dtype);
}

/**
 * A scalar constant, or a tensor constant from row-major data. The dtype is the array's own unless one is given: a
 * Float64Array is float64; a number is float32. Throws `shape` where the values don't fill the shape or are no typed array.
 */
export function constant(
  value: number | TypedArray,
  { shape, dtype = typeOf(value) }: { shape?: Shape; dtype?: DType } = {},
): Expr {
  if (typeof value === "number") {
    const scalar = makeNode("constant", [], { value }, [], dtype);
    return shape === undefined ? scalar : broadcastTo(scalar, shape);
  }
  const dims = shape ?? [value.length];
  if (sizeOf(dims) !== value.length) {
    throw shapeError("constant", `${value.length} values do not fill shape ${showShape(dims)}`);
  }
  return makeNode("constant", [], { value }, dims, dtype);
}

function typeOf(value: number | TypedArray): DType {
  if (typeof value === "number" || value instanceof Float32Array) return "float32";
  if (value instanceof Float64Array) return "float64";
  if (value instanceof Int32Array) return "int32";
  throw shapeError(
    "constant",
    "it takes a number, a Float32Array, a Float64Array or an Int32Array",
    "for a list: constant(Float32Array.from(list))",
  );
}

/** A tensor of zeros. */
export const zeros = (shape: Shape, dtype: DType = "float32"): Expr => constant(0, { shape, dtype });
/** A tensor of ones. */
export const ones = (shape: Shape, dtype: DType = "float32"): Expr => constant(1, { shape, dtype });
/** A tensor that holds `value` everywhere. */
export const full = (shape: Shape, value: number, dtype: DType = "float32"): Expr =>
  constant(value, { shape, dtype });
/** Zeros in the shape and dtype of `x`. */
export const zerosLike = (x: Expr): Expr => zeros(x.shape, x.dtype);
/** Ones in the shape and dtype of `x`. */
export const onesLike = (x: Expr): Expr => ones(x.shape, x.dtype);
/** `value` everywhere, in the shape and dtype of `x`. */
export const fullLike = (x: Expr, value: number): Expr => full(x.shape, value, x.dtype);

/** 0, 1, 2, … along `axis`, int32. */
export function iota(shape: Shape, axis = 0): Expr {
  const [a] = normalizeAxes("iota", shape.length, axis);
  return makeNode("iota", [], { axis: a! }, shape, "int32");
}
