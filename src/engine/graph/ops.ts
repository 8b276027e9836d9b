/**
 * The words users and the rest of steepest write programs in. Each makes one node (or a few) and checks its shapes
 * and dtypes at once. Numbers are lifted to the dtype of the other operand. As in PyTorch, a rank-0 float operand
 * does not widen a tensor of higher rank: a float64 scalar times a float32 tensor is float32.
 */
import { type DType, isFloat, type TypedArray } from "./dtype.ts";
import {
  type BinaryPrimitive,
  type Expr,
  makeNode,
  type Node,
  type UnaryPrimitive,
  type Windows,
} from "./expr.ts";
import {
  broadcastShapes,
  normalizeAxes,
  type Shape,
  sameShape,
  shapeError,
  showShape,
  sizeOf,
} from "./shape.ts";

/** An expression or a number standing for a scalar constant. */
export type Operand = Expr | number;

const describe = (e: Expr): string => `${e.dtype} ${showShape(e.shape)}`;

// ---------------------------------------------------------------- leaves

/** A tensor the host (or the previous step) provides. */
export function input(name: string, shape: Shape, dtype: DType = "float32"): Node<"input"> {
  shape.forEach((d) => {
    if (!Number.isInteger(d) || d < 0) throw shapeError("input", `${name} has shape ${showShape(shape)}`);
  });
  return makeNode("input", [], { name }, shape, dtype) as Node<"input">;
}

/** A scalar constant, or a tensor constant from row-major data. */
export function constant(
  value: number | TypedArray,
  { shape, dtype = "float32" }: { shape?: Shape; dtype?: DType } = {},
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

export const zeros = (shape: Shape, dtype: DType = "float32"): Expr => constant(0, { shape, dtype });
export const ones = (shape: Shape, dtype: DType = "float32"): Expr => constant(1, { shape, dtype });
export const full = (shape: Shape, value: number, dtype: DType = "float32"): Expr =>
  constant(value, { shape, dtype });
export const zerosLike = (x: Expr): Expr => zeros(x.shape, x.dtype);
export const onesLike = (x: Expr): Expr => ones(x.shape, x.dtype);
export const fullLike = (x: Expr, value: number): Expr => full(x.shape, value, x.dtype);

/** 0, 1, 2, … along `axis`, int32. */
export function iota(shape: Shape, axis = 0): Expr {
  const [a] = normalizeAxes("iota", shape.length, axis);
  return makeNode("iota", [], { axis: a! }, shape, "int32");
}

// ---------------------------------------------------------------- elementwise

function requireFloat(op: string, x: Expr): void {
  if (!isFloat(x.dtype)) throw shapeError(op, `needs a float tensor, got ${describe(x)}`, "cast it first");
}

const unary =
  (op: UnaryPrimitive, check: (op: string, x: Expr) => void = requireFloat) =>
  (x: Operand): Expr => {
    const e = typeof x === "number" ? constant(x) : x;
    check(op, e);
    return makeNode(op, [e], {}, e.shape, e.dtype);
  };

function requireNumber(op: string, x: Expr): void {
  if (x.dtype === "bool") throw shapeError(op, `needs numbers, got ${describe(x)}`);
}

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

// ---------------------------------------------------------------- reductions

export interface ReduceOptions {
  /** Axes to reduce; all by default. Negative counts from the end. */
  readonly axes?: readonly number[] | number | undefined;
  /** Keep reduced axes with size 1. */
  readonly keepDims?: boolean;
}

const reduction =
  (op: "reduceSum" | "reduceMax" | "reduceMin") =>
  (x: Expr, { axes, keepDims = false }: ReduceOptions = {}): Expr => {
    requireNumber(op, x);
    const list = normalizeAxes(op, x.shape.length, axes);
    if (op !== "reduceSum" && list.some((a) => x.shape[a] === 0)) {
      throw shapeError(
        op,
        `the axes [${list.join(", ")}] of ${showShape(x.shape)} are empty and have no ${op.slice(6).toLowerCase()}`,
      );
    }
    const shape = x.shape.filter((_, i) => !list.includes(i));
    const out = list.length === 0 ? x : makeNode(op, [x], { axes: list }, shape, x.dtype);
    return keepDims
      ? reshape(
          out,
          x.shape.map((d, i) => (list.includes(i) ? 1 : d)),
        )
      : out;
  };

type Reduce = (x: Expr, options?: ReduceOptions) => Expr;
export const sum: Reduce = reduction("reduceSum");
/** Largest element; NaN wins. */
export const amax: Reduce = reduction("reduceMax");
/** Smallest element; NaN wins. */
export const amin: Reduce = reduction("reduceMin");

export function mean(x: Expr, options: ReduceOptions = {}): Expr {
  requireFloat("mean", x);
  const n = normalizeAxes("mean", x.shape.length, options.axes).reduce((p, a) => p * x.shape[a]!, 1);
  return div(sum(x, options), n);
}

/** Index of the first largest element along `axis`, int32; the first NaN counts as largest. */
export function argmax(x: Expr, axis = -1): Expr {
  const [a] = normalizeAxes("argmax", x.shape.length, axis);
  if (x.shape[a!] === 0) throw shapeError("argmax", `axis ${axis} of ${showShape(x.shape)} is empty`);
  return makeNode(
    "argmax",
    [x],
    { axis: a! },
    x.shape.filter((_, i) => i !== a),
    "int32",
  );
}

/** log Σ exp(x) without overflow. */
export function logSumExp(x: Expr, { axes, keepDims = false }: ReduceOptions = {}): Expr {
  const peak = stopGradient(amax(x, { axes, keepDims: true }));
  const safe = select(isFinite(peak), peak, zerosLike(peak));
  const total = add(log(sum(exp(sub(x, safe)), { axes, keepDims: true })), safe);
  const list = normalizeAxes("logSumExp", x.shape.length, axes);
  return keepDims
    ? total
    : reshape(
        total,
        x.shape.filter((_, i) => !list.includes(i)),
      );
}

export const logSoftmax = (x: Expr, axis = -1): Expr => {
  const shifted = sub(x, stopGradient(amax(x, { axes: axis, keepDims: true })));
  return sub(shifted, log(sum(exp(shifted), { axes: axis, keepDims: true })));
};

export const softmax = (x: Expr, axis = -1): Expr => {
  const e = exp(sub(x, stopGradient(amax(x, { axes: axis, keepDims: true }))));
  return div(e, sum(e, { axes: axis, keepDims: true }));
};

// ---------------------------------------------------------------- products

/**
 * Matrix product of [..., M, K] and [..., K, N] with broadcast leading axes; `transposeA`/`transposeB` read the last
 * two axes swapped. Vectors are not promoted: reshape them.
 */
export function matmul(
  a: Expr,
  b: Expr,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Expr {
  const show = `${showShape(a.shape)}${transposeA ? "ᵀ" : ""} and ${showShape(b.shape)}${transposeB ? "ᵀ" : ""}`;
  if (a.dtype !== b.dtype || !isFloat(a.dtype))
    throw shapeError("matmul", `needs two float tensors of one dtype, got ${describe(a)} and ${describe(b)}`);
  if (a.shape.length < 2 || b.shape.length < 2)
    throw shapeError("matmul", `needs rank 2 or more, got ${show}`);
  const [m, k] = lastTwo(a, transposeA);
  const [k2, n] = lastTwo(b, transposeB);
  if (k !== k2) throw shapeError("matmul", `inner sizes differ: ${show}`);
  const leadA = a.shape.slice(0, -2);
  const leadB = b.shape.slice(0, -2);
  if (leadB.length === 0 && leadA.length > 0 && !transposeA) {
    // one big product instead of many small ones
    const flat = matmul(reshape(a, [sizeOf(leadA) * m, k]), b, { transposeB });
    return reshape(flat, [...leadA, m, n]);
  }
  const lead = broadcastShapes(leadA, leadB);
  if (lead === null) throw shapeError("matmul", `leading axes do not broadcast: ${show}`);
  const x = broadcastTo(a, [...lead, ...a.shape.slice(-2)]);
  const y = broadcastTo(b, [...lead, ...b.shape.slice(-2)]);
  return makeNode("matmul", [x, y], { transposeA, transposeB }, [...lead, m, n], a.dtype);
}

function lastTwo(x: Expr, transpose: boolean): [number, number] {
  const [p, q] = [x.shape[x.shape.length - 2]!, x.shape[x.shape.length - 1]!];
  return transpose ? [q, p] : [p, q];
}

/** Σ x·y over all elements: the inner product of two tensors of one shape. */
export const dot = (x: Expr, y: Expr): Expr => sum(mul(x, y));

// ---------------------------------------------------------------- movement

/** The same elements in row-major order; one size may be −1. */
export function reshape(x: Expr, shape: Shape): Expr {
  const known = shape.reduce((p, d) => (d === -1 ? p : p * d), 1);
  const dims = shape.map((d) => (d === -1 ? sizeOf(x.shape) / known : d));
  if (
    shape.filter((d) => d === -1).length > 1 ||
    sizeOf(dims) !== sizeOf(x.shape) ||
    dims.some((d) => !Number.isInteger(d))
  ) {
    throw shapeError("reshape", `${showShape(x.shape)} cannot become ${showShape(shape)}`);
  }
  return sameShape(dims, x.shape) ? x : makeNode("reshape", [x], {}, dims, x.dtype);
}

/** Axis i of the result is axis `axes[i]` of x. */
export function permute(x: Expr, axes: readonly number[]): Expr {
  const sorted = normalizeAxes("permute", x.shape.length, axes);
  if (sorted.length !== x.shape.length)
    throw shapeError("permute", `axes [${axes.join(", ")}] do not name every axis of ${showShape(x.shape)}`);
  const order = axes.map((a) => (a < 0 ? a + x.shape.length : a));
  return order.every((a, i) => a === i)
    ? x
    : makeNode(
        "permute",
        [x],
        { axes: order },
        order.map((a) => x.shape[a]!),
        x.dtype,
      );
}

/** Swaps the last two axes. */
export function transpose(x: Expr): Expr {
  const r = x.shape.length;
  if (r < 2) throw shapeError("transpose", `needs rank 2 or more, got ${showShape(x.shape)}`);
  return permute(x, [...Array.from({ length: r - 2 }, (_, i) => i), r - 1, r - 2]);
}

export function broadcastTo(x: Expr, shape: Shape): Expr {
  if (sameShape(x.shape, shape)) return x;
  const common = broadcastShapes(x.shape, shape);
  if (common === null || !sameShape(common, shape))
    throw shapeError("broadcast", `${showShape(x.shape)} does not stretch to ${showShape(shape)}`);
  return makeNode("broadcast", [x], {}, shape, x.dtype);
}

/** Elements starts[i], starts[i]+steps[i], … below stops[i] of each axis. Steps are positive. */
export function slice(
  x: Expr,
  starts: readonly number[],
  stops: readonly number[],
  steps: readonly number[] = starts.map(() => 1),
): Expr {
  const rank = x.shape.length;
  const bad =
    starts.length !== rank || stops.length !== rank || steps.length !== rank ||
    starts.some((s, i) => !(s >= 0 && s <= stops[i]! && stops[i]! <= x.shape[i]! && steps[i]! >= 1)); // biome-ignore format: one condition
  if (bad)
    throw shapeError(
      "slice",
      `[${starts.join(", ")}] to [${stops.join(", ")}] by [${steps.join(", ")}] does not fit ${showShape(x.shape)}`,
    );
  const shape = starts.map((s, i) => Math.ceil((stops[i]! - s) / steps[i]!));
  return makeNode("slice", [x], { starts, steps }, shape, x.dtype);
}

/** x[..., i, ...]: one element of an axis, which disappears. */
export function take(x: Expr, axis: number, index: number): Expr {
  const [a] = normalizeAxes("take", x.shape.length, axis);
  const piece = slice(
    x,
    x.shape.map((_, i) => (i === a ? index : 0)),
    x.shape.map((d, i) => (i === a ? index + 1 : d)),
  );
  return reshape(
    piece,
    x.shape.filter((_, i) => i !== a),
  );
}

/** Cuts an axis into pieces of the given sizes. */
export function split(x: Expr, sizes: readonly number[], axis = 0): Expr[] {
  const [a] = normalizeAxes("split", x.shape.length, axis);
  if (sizes.reduce((p, d) => p + d, 0) !== x.shape[a!])
    throw shapeError(
      "split",
      `sizes [${sizes.join(", ")}] do not add up to axis ${axis} of ${showShape(x.shape)}`,
    );
  let start = 0;
  return sizes.map((size) => {
    const piece = slice(
      x,
      x.shape.map((_, i) => (i === a ? start : 0)),
      x.shape.map((d, i) => (i === a ? start + size : d)),
    );
    start += size;
    return piece;
  });
}

/** Surrounds x with `value`; `steps` > 1 also spreads the elements apart (`steps − 1` fill values between them). */
export function pad(
  x: Expr,
  low: readonly number[],
  high: readonly number[],
  { value = 0, steps = low.map(() => 1) }: { value?: number; steps?: readonly number[] } = {},
): Expr {
  if (
    low.length !== x.shape.length ||
    high.length !== x.shape.length ||
    [...low, ...high].some((p) => p < 0)
  ) {
    throw shapeError(
      "pad",
      `low [${low.join(", ")}] and high [${high.join(", ")}] do not fit ${showShape(x.shape)}`,
    );
  }
  const shape = x.shape.map((d, i) => low[i]! + (d === 0 ? 0 : (d - 1) * steps[i]! + 1) + high[i]!);
  return sameShape(shape, x.shape) ? x : makeNode("pad", [x], { low, steps, value }, shape, x.dtype);
}

export function concat(parts: readonly Expr[], axis = 0): Expr {
  const first = parts[0];
  if (first === undefined) throw shapeError("concat", "needs at least one tensor");
  const [a] = normalizeAxes("concat", first.shape.length, axis);
  for (const p of parts) {
    if (
      p.dtype !== first.dtype ||
      p.shape.length !== first.shape.length ||
      p.shape.some((d, i) => i !== a && d !== first.shape[i])
    ) {
      throw shapeError("concat", `${describe(p)} does not fit beside ${describe(first)} along axis ${axis}`);
    }
  }
  if (parts.length === 1) return first;
  const total = parts.reduce((n, p) => n + p.shape[a!]!, 0);
  return makeNode(
    "concat",
    parts,
    { axis: a! },
    first.shape.map((d, i) => (i === a ? total : d)),
    first.dtype,
  );
}

export function stack(parts: readonly Expr[], axis = 0): Expr {
  return concat(
    parts.map((p) => reshape(p, [...p.shape.slice(0, axis), 1, ...p.shape.slice(axis)])),
    axis,
  );
}

/** Rows of `table` [V, ...rest] at `indices` [I...] → [I..., ...rest]. Indices outside 0..V−1 are clamped. */
export function gather(table: Expr, indices: Expr): Expr {
  if (indices.dtype !== "int32") throw shapeError("gather", `indices are ${describe(indices)}, not int32`);
  if (table.shape.length === 0 || (table.shape[0] === 0 && sizeOf(indices.shape) > 0)) {
    throw shapeError("gather", `cannot take rows of ${describe(table)}`);
  }
  return makeNode("gather", [table, indices], {}, [...indices.shape, ...table.shape.slice(1)], table.dtype);
}

/** Zeros [rows, ...rest] with `updates` [I..., ...rest] added at rows `indices` [I...]. */
export function scatterAdd(indices: Expr, updates: Expr, rows: number): Expr {
  const lead = indices.shape.length;
  if (indices.dtype !== "int32" || !sameShape(updates.shape.slice(0, lead), indices.shape)) {
    throw shapeError("scatterAdd", `indices ${describe(indices)} do not lead updates ${describe(updates)}`);
  }
  return makeNode("scatterAdd", [indices, updates], {}, [rows, ...updates.shape.slice(lead)], updates.dtype);
}

export interface WindowOptions {
  readonly sizes: readonly number[];
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
}

/** Sliding windows of the last k axes: [..., H, W] → [..., OH, OW, KH, KW] without copying more than asked. */
export function windows(
  x: Expr,
  { sizes, strides = sizes.map(() => 1), dilations = sizes.map(() => 1) }: WindowOptions,
): Expr {
  const k = sizes.length;
  const lead = x.shape.slice(0, -k);
  const positions = x.shape
    .slice(-k)
    .map((d, i) => Math.floor((d - (sizes[i]! - 1) * dilations[i]! - 1) / strides[i]!) + 1);
  if (x.shape.length < k || positions.some((p) => p < 1)) {
    throw shapeError(
      "windows",
      `windows [${sizes.join(", ")}] do not fit the last axes of ${showShape(x.shape)}`,
    );
  }
  return makeNode("windows", [x], { sizes, strides, dilations }, [...lead, ...positions, ...sizes], x.dtype);
}

/** Adds overlapping windows [..., OH, OW, KH, KW] back into [..., ...extent]: the adjoint of `windows`. */
export function foldWindows(y: Expr, extent: readonly number[], attrs: Windows): Expr {
  const lead = y.shape.slice(0, y.shape.length - 2 * attrs.sizes.length);
  return makeNode("foldWindows", [y], attrs, [...lead, ...extent], y.dtype);
}
