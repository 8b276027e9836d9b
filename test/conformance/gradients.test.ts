/** Gradients against central differences of the float64 interpreter, and the same gradients on the compiled backend. */
import { describe, expect, test } from "vitest";
import { interpret } from "../../src/engine/backends/reference.ts";
import * as ops from "../../src/engine/graph/index.ts";
import { type Expr, input, type Shape } from "../../src/engine/graph/index.ts";
import { gradients, hessianVectorProduct } from "../../src/engine/rules/differentiate.ts";
import { writers } from "./backends.ts";
import { agree, float, values } from "./harness.ts";

type F = (x: Expr, y: Expr) => Expr;
const positive = (x: Expr): Expr => ops.add(ops.square(x), 0.5);
const idx = (n: number): Expr =>
  ops.constant(
    Int32Array.from({ length: n }, (_, i) => (i * 7) % 3),
    { dtype: "int32" },
  );

const cases: Record<string, { x: Shape; y?: Shape; f: F }> = {
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

/** Central differences of Σ f at every element. */
function differences(shapes: readonly Shape[], f: (leaves: Expr[]) => Expr): Float64Array[] {
  const leaves = shapes.map((s, i) => input(`in${i}`, s, "float64") as unknown as Expr);
  const loss = ops.sum(f(leaves));
  const data = shapes.map((s, i) => values(s, { seed: 11 + i }));
  const h = 1e-5;
  const at = (): number => interpret([loss], new Map(leaves.map((l, i) => [l, data[i]!])))[0]![0]!;
  return data.map((d) =>
    Float64Array.from(d, (_, j) => {
      const old = d[j]!;
      d[j] = old + h;
      const up = at();
      d[j] = old - h;
      const down = at();
      d[j] = old;
      return (up - down) / (2 * h);
    }),
  );
}

describe.each(Object.keys(cases))("%s", (name) => {
  const { x, y = [1], f } = cases[name]!;
  const shapes = [x, y];
  const total = (leaves: readonly Expr[]): Expr => ops.sum(f(leaves[0]!, leaves[1]!));

  test("gradient equals central differences to 1e-7", () => {
    const want = differences(shapes, ([a, b]) => f(a!, b!));
    const leaves = shapes.map((s, i) => input(`in${i}`, s, "float64") as unknown as Expr);
    const given = new Map(leaves.map((l, i) => [l, values(shapes[i]!, { seed: 11 + i })]));
    const got = interpret(gradients(total(leaves), leaves), given);
    want.forEach((w, i) =>
      w.forEach((v, j) => expect(Math.abs(got[i]![j]! - v)).toBeLessThan(1e-7 * Math.max(1, Math.abs(v)))),
    );
  });

  test.each(writers)("the gradient compiled by $name is the interpreter's", (backend) => {
    for (const dtype of ["float32", "float64"] as const) {
      if (name.startsWith("cast") && dtype === "float32") continue;
      const given = shapes.map((s, i) => float(s, dtype, { seed: 11 + i }));
      agree(backend, given, (...leaves) => gradients(total(leaves), leaves), {
        toMax: true,
        tol: name.startsWith("cast") ? 1e-6 : dtype === "float32" ? 1e-5 : 1e-12,
      });
    }
  });
});

test("gradient of a gradient: Hessian-vector products of a network equal differences of its gradient", () => {
  const shapes: Shape[] = [[5, 3], [3], [1, 5]];
  const net = ([w, b, x]: readonly Expr[]): Expr =>
    ops.mean(ops.square(ops.tanh(ops.add(ops.matmul(x!, w!), b!))));
  const leaves = shapes.map((s, i) => input(`in${i}`, s, "float64") as unknown as Expr);
  const data = shapes.map((s, i) => values(s, { seed: 20 + i, scale: 1 }));
  const v = shapes.map((s, i) => values(s, { seed: 30 + i, scale: 1 }));
  const given = new Map(leaves.map((l, i) => [l, data[i]!]));
  const hv = interpret(
    hessianVectorProduct(
      net(leaves),
      leaves,
      v.map((d, i) => ops.constant(d, { shape: shapes[i]!, dtype: "float64" })),
    ),
    given,
  );
  const gradAt = (h: number): Float64Array[] =>
    interpret(
      gradients(net(leaves), leaves),
      new Map(leaves.map((l, i) => [l, data[i]!.map((d, j) => d + h * v[i]![j]!)])),
    );
  const [up, down] = [gradAt(1e-5), gradAt(-1e-5)];
  hv.forEach((h, i) => h.forEach((g, j) => expect(g).toBeCloseTo((up[i]![j]! - down[i]![j]!) / 2e-5, 7)));
});

test("losses stay finite, with finite gradients, for |z| up to 1e4", () => {
  const z = { shape: [6], dtype: "float32" as const, values: [-1e4, -100, -1, 1, 100, 1e4] };
  for (const f of [
    ops.sigmoid,
    (x: Expr): Expr => ops.logSoftmax(ops.reshape(x, [2, 3])),
    (x: Expr): Expr => ops.logSumExp(x),
  ]) {
    for (const backend of writers)
      agree(backend, [z], (x) => [ops.sum(f(x!)), ...gradients(ops.sum(f(x!)), [x!])]);
    const leaf = input("z", [6], "float64") as unknown as Expr;
    const [g] = interpret(gradients(ops.sum(f(leaf)), [leaf]), new Map([[leaf, z.values]]));
    expect(g!.every(Number.isFinite)).toBe(true);
  }
});
