/** Functions of one or two tensors whose gradients every backend must compute like the interpreter. */

import type { Expr, Shape } from "../../src/engine/graph/index.ts";
import * as ops from "../../src/engine/graph/index.ts";

type F = (x: Expr, y: Expr) => Expr;
const positive = (x: Expr): Expr => ops.add(ops.square(x), 0.5);
const idx = (n: number): Expr =>
  ops.constant(
    Int32Array.from({ length: n }, (_, i) => (i * 7) % 3),
    { dtype: "int32" },
  );

export interface GradientCase {
  readonly x: Shape;
  readonly y?: Shape;
  readonly f: F;
}

export const gradientCases: Readonly<Record<string, GradientCase>> = {
  neg: { x: [5], f: (x) => ops.neg(x) },
  exp: { x: [5], f: (x) => ops.exp(x) },
  log: { x: [5], f: (x) => ops.log(positive(x)) },
  log1p: { x: [5], f: (x) => ops.log1p(positive(x)) },
  expm1: { x: [5], f: (x) => ops.expm1(x) },
  sqrt: { x: [5], f: (x) => ops.sqrt(positive(x)) },
  rsqrt: { x: [5], f: (x) => ops.rsqrt(positive(x)) },
  sin: { x: [5], f: (x) => ops.sin(x) },
  cos: { x: [5], f: (x) => ops.cos(x) },
  tanh: { x: [5], f: (x) => ops.tanh(x) },
  sigmoid: { x: [5], f: (x) => ops.sigmoid(x) },
  erf: { x: [5], f: (x) => ops.erf(x) },
  abs: { x: [5], f: (x) => ops.abs(x) },
  "add, stretched": { x: [4, 1], y: [3], f: (x, y) => ops.add(x, y) },
  "sub, stretched": { x: [], y: [2, 3], f: (x, y) => ops.sub(x, y) },
  mul: { x: [4, 3], y: [4, 1], f: (x, y) => ops.mul(x, y) },
  div: { x: [4, 3], y: [3], f: (x, y) => ops.div(x, positive(y)) },
  pow: { x: [4], y: [4], f: (x, y) => ops.pow(positive(x), y) },
  "pow of a number": { x: [4], f: (x) => ops.pow(x, 3) },
  max: { x: [6], y: [6], f: (x, y) => ops.max(x, y) },
  min: { x: [6], y: [6], f: (x, y) => ops.min(x, y) },
  select: { x: [6], y: [6], f: (x, y) => ops.select(ops.lt(x, y), ops.mul(x, y), ops.square(y)) },
  sum: { x: [3, 4, 2], f: (x) => ops.square(ops.sum(x, { axes: [0, 2] })) },
  amax: { x: [3, 4], f: (x) => ops.square(ops.amax(x, { axes: 1 })) },
  amin: { x: [3, 4], f: (x) => ops.square(ops.amin(x, { axes: 0, keepDims: true })) },
  mean: { x: [3, 4], f: (x) => ops.square(ops.mean(x, { axes: 0 })) },
  logSumExp: { x: [3, 4], f: (x) => ops.logSumExp(x, { axes: -1 }) },
  logSoftmax: { x: [3, 4], y: [3, 4], f: (x, y) => ops.mul(ops.logSoftmax(x), y) },
  softmax: { x: [3, 4], y: [3, 4], f: (x, y) => ops.mul(ops.softmax(x), y) },
  matmul: { x: [3, 4], y: [4, 5], f: (x, y) => ops.matmul(x, y) },
  "matmul, transposed": {
    x: [4, 3],
    y: [5, 4],
    f: (x, y) => ops.matmul(x, y, { transposeA: true, transposeB: true }),
  },
  "matmul, one transposed": { x: [3, 4], y: [5, 4], f: (x, y) => ops.matmul(x, y, { transposeB: true }) },
  "matmul, batched with a stretched operand": {
    x: [2, 1, 3, 4],
    y: [5, 4, 2],
    f: (x, y) => ops.matmul(x, y),
  },
  "matmul, one matrix for a batch": { x: [2, 3, 4], y: [4, 2], f: (x, y) => ops.matmul(x, y) },
  reshape: { x: [2, 6], y: [3, 4], f: (x, y) => ops.mul(ops.reshape(x, [3, 4]), y) },
  permute: { x: [2, 3, 4], y: [4, 2, 3], f: (x, y) => ops.mul(ops.permute(x, [2, 0, 1]), y) },
  slice: { x: [5, 6], y: [2, 2], f: (x, y) => ops.mul(ops.slice(x, [1, 0], [5, 6], [2, 4]), y) },
  pad: { x: [2, 3], y: [5, 7], f: (x, y) => ops.mul(ops.pad(x, [1, 0], [1, 2], { steps: [2, 2] }), y) },
  concat: { x: [2, 3], y: [2, 2], f: (x, y) => ops.square(ops.concat([x, y, x], 1)) },
  gather: { x: [3, 2], y: [7, 2], f: (x, y) => ops.mul(ops.gather(x, idx(7)), y) },
  scatterAdd: { x: [7, 2], y: [3, 2], f: (x, y) => ops.mul(ops.scatterAdd(idx(7), x, 3), y) },
  windows: {
    x: [2, 5, 6],
    f: (x) => ops.square(ops.windows(x, { sizes: [3, 2], strides: [2, 1], dilations: [1, 2] })),
  },
  foldWindows: {
    x: [3, 3, 2, 2],
    f: (x) => ops.square(ops.foldWindows(x, [4, 4], { sizes: [2, 2], strides: [1, 1], dilations: [1, 1] })),
  },
  "cast there and back": { x: [4], f: (x) => ops.square(ops.cast(ops.cast(x, "float32"), "float64")) },
};
