/** Matrices that act on the axes of tensors: what optimizers with Kronecker factors are made of. */
import {
  cast,
  type Expr,
  eq,
  iota,
  matmul,
  permute,
  reshape,
  type Shape,
  sizeOf,
} from "../../engine/graph/index.ts";
import type { State, Tensors } from "../transform.ts";

/** Something for each axis that has it: axis → expression. */
export type ByAxis = Readonly<Record<string, Expr>>;

/** The state of one tensor out of a record by tensor and axis. */
export const axesOf = (state: State, tensor: string): ByAxis => state[tensor] as ByAxis;

/** I, [n, n] */
export const identity = (n: number, dtype: Expr["dtype"]): Expr =>
  cast(eq(iota([n, n], 0), iota([n, n], 1)), dtype);

/** x's elements with `axis` first, and all others as one: [n, rest]. */
export function axisFirst(x: Expr, axis: number): Expr {
  const n = x.shape[axis]!;
  const moved = axis === 0 ? x : permute(x, axesFrom(x.shape, axis));
  return reshape(moved, [n, sizeOf(x.shape) / n]);
}

/** The inverse of `axisFirst` for a tensor of this shape. */
export function axisBack(x: Expr, axis: number, shape: Shape): Expr {
  const order = axesFrom(shape, axis);
  const moved = reshape(x, order.map((a) => shape[a]!)); // biome-ignore format: one call
  return axis === 0 ? moved : permute(moved, order.map((_, a) => order.indexOf(a))); // biome-ignore format: one call
}

const axesFrom = (shape: Shape, axis: number): number[] => [
  axis,
  ...shape.map((_, i) => i).filter((i) => i !== axis),
];

/** M·x along one axis, M [n, n]; Mᵀ·x with `transposed`. */
export function applyAlong(x: Expr, m: Expr, axis: number, transposed = false): Expr {
  const last = x.shape.length - 1;
  const n = x.shape[axis]!;
  if (axis !== last || last === 0)
    return axisBack(matmul(m, axisFirst(x, axis), { transposeA: transposed }), axis, x.shape);
  // rows as they lie
  const rows = reshape(x, [sizeOf(x.shape) / n, n]);
  return reshape(matmul(rows, m, { transposeB: !transposed }), x.shape);
}

/** Σ x xᵀ over all axes but one: [n, n]. */
export function gramAlong(x: Expr, axis: number): Expr {
  const last = x.shape.length - 1;
  if (axis !== last || last === 0) {
    const rows = axisFirst(x, axis);
    return matmul(rows, rows, { transposeB: true });
  }
  const rows = reshape(x, [sizeOf(x.shape) / x.shape[axis]!, x.shape[axis]!]);
  return matmul(rows, rows, { transposeA: true });
}

/** x with each axis's matrix applied. */
export const applyAll = (x: Expr, matrices: ByAxis, transposed = false): Expr =>
  Object.entries(matrices).reduce((y, [axis, m]) => applyAlong(y, m, Number(axis), transposed), x);

/** The axes of a tensor that a matrix can be kept for: those with entries, and no longer than `longest`. */
export const matrixAxes = (shape: Shape, longest: number): readonly number[] =>
  sizeOf(shape) === 0 ? [] : [...shape.keys()].filter((a) => shape[a]! <= longest);

/** State with f of each axis that has a matrix: tensor → axis → expression. */
export const forAxes = (
  params: Tensors,
  axes: (shape: Shape) => readonly number[],
  f: (axis: number, p: Expr) => Expr,
): Readonly<Record<string, ByAxis>> =>
  Object.fromEntries(
    Object.entries(params).map(([name, p]) => [
      name,
      Object.fromEntries(axes(p.shape).map((a) => [String(a), f(a, p)])),
    ]),
  );
