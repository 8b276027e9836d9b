/** Primitives that move elements without computing. */
import { describe } from "./describe.ts";
import { type Expr, makeNode } from "./expr.ts";
import type { WindowProducts, Windows } from "./primitives.ts";
import {
  broadcastShapes,
  normalizeAxes,
  type Shape,
  sameShape,
  shapeError,
  showShape,
  sizeOf,
} from "./shape.ts";

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

/**
 * `x` repeated along new axes and axes of size 1 so that it has `shape`; nothing is copied. Throws `shape`
 * where NumPy's rules do not allow it.
 */
export function broadcastTo(x: Expr, shape: Shape): Expr {
  if (sameShape(x.shape, shape)) return x;
  const common = broadcastShapes(x.shape, shape);
  if (common === null || !sameShape(common, shape))
    throw shapeError("broadcast", `${showShape(x.shape)} does not broadcast to ${showShape(shape)}`);
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

/** Tensors one after another along `axis`; dtype and all other axes alike, else throws `shape`. */
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

/** Tensors of one shape side by side along a new axis at place `axis`. Throws `shape` where they differ. */
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

/** Size, stride and dilation of `windows` along each of the last axes. Default: strides and dilations of 1. */
export interface WindowOptions {
  readonly sizes: readonly number[];
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  /** Faster ways for products of the windows, as `conv2d` gives them. */
  readonly products?: WindowProducts | undefined;
}

/** Sliding windows of the last k axes: [..., H, W] → [..., OH, OW, KH, KW] without copying more than asked. */
export function windows(
  x: Expr,
  { sizes, strides = sizes.map(() => 1), dilations = sizes.map(() => 1), products }: WindowOptions,
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
  return makeNode(
    "windows",
    [x],
    { sizes, strides, dilations, products },
    [...lead, ...positions, ...sizes],
    x.dtype,
  );
}

/** Adds overlapping windows [..., OH, OW, KH, KW] back into [..., ...extent]: the adjoint of `windows`. */
export function foldWindows(y: Expr, extent: readonly number[], attrs: Windows): Expr {
  const lead = y.shape.slice(0, y.shape.length - 2 * attrs.sizes.length);
  return makeNode("foldWindows", [y], attrs, [...lead, ...extent], y.dtype);
}
