/**
 * The words users and the rest of steepest write programs in. Each makes one node (or a few) and checks its shapes and
 * dtypes at once; an error names the operation, the shapes and the line that asked for it.
 */

export { atan2 } from "./atan2.ts";
export { allocate, bytesOf, type DType, isFloat, type TypedArray } from "./dtype.ts";
export {
  abs,
  add,
  and,
  cast,
  clamp,
  cos,
  div,
  eq,
  erf,
  exp,
  expm1,
  floor,
  ge,
  gt,
  isFinite,
  le,
  log,
  log1p,
  lt,
  max,
  min,
  mul,
  ne,
  neg,
  not,
  type Operand,
  or,
  pow,
  random,
  rsqrt,
  select,
  sigmoid,
  sign,
  sin,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  withGradient,
} from "./elementwise.ts";
export { type Expr, isExpr, type Node, topologicalOrder } from "./expr.ts";
export { constant, full, fullLike, input, iota, ones, onesLike, zeros, zerosLike } from "./leaves.ts";
export { dot, matmul } from "./matmul.ts";
export { eigenvectors, inverseRoot, powerIteration, solveTransposed, type When } from "./matrix-function.ts";
export {
  broadcastTo,
  concat,
  foldWindows,
  gather,
  pad,
  permute,
  reshape,
  scatterAdd,
  slice,
  split,
  stack,
  take,
  transpose,
  type WindowOptions,
  windows,
} from "./movement.ts";
export type { Primitive } from "./primitives.ts";
export {
  amax,
  amin,
  argmax,
  logSoftmax,
  logSumExp,
  mean,
  type ReduceOptions,
  softmax,
  sum,
} from "./reduce.ts";
export { type Shape, sizeOf } from "./shape.ts";
