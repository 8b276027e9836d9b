import { describe, expect, test } from "vitest";
import type { DType, Expr, Shape } from "../../src/engine/graph/index.ts";
import * as ops from "../../src/engine/graph/index.ts";
import { withBlas, writers } from "./backends.ts";
import { agree, type Build, float, type Given, ints, runOn } from "./harness.ts";

const backends = [...writers, ...withBlas()];
const floats: DType[] = ["float32", "float64"];
const sizes: Shape[] = [[0], [1], [3], [17], [1000], [], [7, 5], [3, 1, 9]];
const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e-30,
  -1e-30,
  1e10,
  -1e10,
  88,
  -88,
  700,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  3.7,
  -3.7,
];

/** Symmetric, positive, with eigenvalues about 1 apart. */
const symmetric = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return i === j ? i + 1 : 0.05 * Math.sin(i + j + i * j);
  });

const unary = {
  neg: ops.neg, exp: ops.exp, log: ops.log, log1p: ops.log1p, expm1: ops.expm1, sqrt: ops.sqrt, rsqrt: ops.rsqrt, sin: ops.sin,
  cos: ops.cos, tanh: ops.tanh, sigmoid: ops.sigmoid, erf: ops.erf, abs: ops.abs, sign: ops.sign, floor: ops.floor,
}; // biome-ignore format: a list
const binary = {
  add: ops.add,
  sub: ops.sub,
  mul: ops.mul,
  div: ops.div,
  pow: ops.pow,
  max: ops.max,
  min: ops.min,
  eq: ops.eq,
  lt: ops.lt,
  le: ops.le,
};

describe.each(backends)("$name", (backend) => {
  describe.each(floats)("%s", (dtype) => {
    test.each(Object.keys(unary))("%s, every size and special values", (name) => {
      const f = unary[name as keyof typeof unary];
      for (const shape of sizes) agree(backend, [float(shape, dtype)], (x) => f(x!));
      const finite =
        name === "sin" || name === "cos"
          ? special.filter((x) => Math.abs(x) < 1e5 || !Number.isFinite(x))
          : special;
      agree(backend, [{ shape: [finite.length], dtype, values: finite }], (x) => f(x!));
    });

    test.each(Object.keys(binary))("%s, every size, broadcasting and special values", (name) => {
      const f = binary[name as keyof typeof binary];
      for (const shape of sizes)
        agree(backend, [float(shape, dtype), float(shape, dtype, { seed: 5 })], (x, y) => f(x!, y!));
      const stretched: [Shape, Shape][] = [
        [[4, 5], [5]],
        [
          [4, 1],
          [1, 6],
        ],
        [[], [9]],
        [
          [2, 1, 3],
          [8, 1],
        ],
        [
          [33, 17],
          [33, 1],
        ],
      ];
      for (const [a, b] of stretched)
        agree(backend, [float(a, dtype), float(b, dtype, { seed: 5 })], (x, y) => f(x!, y!));
      const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
      const column = (i: 0 | 1): Given => ({ shape: [pairs.length], dtype, values: pairs.map((p) => p[i]) });
      agree(backend, [column(0), column(1)], (x, y) => f(x!, y!));
    });

    const reductions = { sum: ops.sum, amax: ops.amax, amin: ops.amin };
    test.each(Object.keys(reductions))("%s over every choice of axes", (name) => {
      const f = reductions[name as keyof typeof reductions];
      const shapes: Shape[] = [
        [1],
        [3],
        [17],
        [1000],
        [4, 5],
        [33, 17],
        [1000, 3],
        [2, 3, 4],
        [5, 1, 7],
        [3, 200, 2],
      ];
      for (const shape of shapes) {
        for (let mask = 1; mask < 2 ** shape.length; mask++) {
          const axes = shape.map((_, i) => i).filter((i) => mask & (1 << i));
          agree(
            backend,
            [float(shape, dtype)],
            (x) => [f(x!, { axes }), f(ops.mul(x!, 2), { axes, keepDims: true })],
            { toMax: true },
          );
        }
      }
      agree(backend, [{ shape: [5], dtype, values: [1, Number.NaN, 3, 4, 5] }], (x) => f(x!));
      if (name === "sum") agree(backend, [float([0, 4], dtype)], (x) => [f(x!, { axes: 0 }), f(x!)]);
    });

    test("a sum of a million terms is off by less than 1e-6 (float32), 1e-13 (float64)", () => {
      const n = 1_000_003;
      const { got } = runOn(backend, [{ shape: [n], dtype, values: new Float64Array(n).fill(0.1) }], (x) =>
        ops.sum(x!),
      );
      const tenth = dtype === "float32" ? Math.fround(0.1) : 0.1;
      // one rounding of the result, and at most 128 roundings inside a run
      expect(Math.abs(got[0]![0]! / (tenth * n) - 1)).toBeLessThan(dtype === "float32" ? 1e-6 : 1e-13);
    });

    test("argmax, with ties and NaN", () => {
      for (const shape of [
        [1, 1],
        [4, 5],
        [33, 17],
        [3, 200, 2],
      ]) {
        for (let axis = 0; axis < shape.length; axis++)
          agree(backend, [float(shape, dtype)], (x) => ops.argmax(x!, axis));
      }
      agree(backend, [{ shape: [2, 3], dtype, values: [1, 7, 7, 1, Number.NaN, 9] }], (x) => ops.argmax(x!));
    });

    test("matmul: shapes, transposes, batches, views", () => {
      const dims = [0, 1, 3, 17, 64];
      for (const m of dims) {
        for (const n of dims) {
          for (const k of [0, 1, 5, 33]) {
            agree(
              backend,
              [float([m, k], dtype), float([k, n], dtype, { seed: 5 })],
              (a, b) => ops.matmul(a!, b!),
              { toMax: true },
            );
          }
        }
      }
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) {
          const a = transposeA ? [7, 19] : [19, 7];
          const b = transposeB ? [5, 7] : [7, 5];
          agree(
            backend,
            [float(a, dtype), float(b, dtype, { seed: 5 })],
            (x, y) => ops.matmul(x!, y!, { transposeA, transposeB }),
            { toMax: true },
          );
          agree(
            backend,
            [float([2, 3, ...a], dtype), float([3, ...b], dtype, { seed: 5 })],
            (x, y) => ops.matmul(x!, y!, { transposeA, transposeB }),
            { toMax: true },
          );
        }
      }
      agree(
        backend,
        [float([4, 6, 8], dtype)],
        (x) => ops.matmul(ops.permute(x!, [1, 0, 2]), ops.permute(x!, [1, 2, 0])),
        { toMax: true },
      );
      agree(
        backend,
        [float([6, 8], dtype)],
        (x) => ops.matmul(ops.slice(x!, [1, 2], [5, 6]), ops.broadcastTo(ops.sum(x!), [4, 3])),
        { toMax: true },
      );
    });

    test("movement: reshape, permute, broadcast, slice, pad, concat, windows", () => {
      const build: [Shape, Build][] = [
        [[2, 3, 4], (x) => ops.reshape(ops.permute(x!, [2, 0, 1]), [4, 6])],
        [[5, 7], (x) => ops.slice(x!, [1, 0], [5, 7], [2, 3])],
        [[5, 7], (x) => ops.exp(ops.slice(x!, [0, 1], [5, 6]))],
        [[3], (x) => ops.add(ops.broadcastTo(x!, [4, 3]), 1)],
        [[3, 4], (x) => ops.pad(x!, [1, 0], [0, 2], { value: 9 })],
        [[3, 4], (x) => ops.pad(x!, [1, 2], [3, 0], { steps: [2, 3], value: -1 })],
        [[3, 4], (x) => ops.concat([x!, ops.mul(x!, 2), ops.zeros([3, 1], dtype)], 1)],
        [[2, 6, 7], (x) => ops.windows(x!, { sizes: [3, 2], strides: [2, 1], dilations: [1, 3] })],
        [[2, 6, 7], (x) => ops.sum(ops.windows(x!, { sizes: [3, 2] }), { axes: [-1, -2] })],
        [
          [2, 3, 4, 3, 2],
          (x) => ops.foldWindows(x!, [5, 5], { sizes: [3, 2], strides: [1, 1], dilations: [1, 1] }),
        ],
        [[4, 5], (x) => ops.mul(ops.transpose(x!), ops.reshape(x!, [5, 4]))],
        [[0, 4], (x) => ops.concat([x!, x!])],
      ];
      for (const [shape, f] of build) agree(backend, [float(shape, dtype)], f);
    });

    test("gather and scatter-add clamp their indices and add up repeats", () => {
      for (const rest of [[], [1], [5], [3, 6]] as Shape[]) {
        const indices: Given = { shape: [2, 4], dtype: "int32", values: [0, 3, 3, 9, -2, 1, 2, 3] };
        agree(backend, [float([4, ...rest], dtype), indices], (t, i) => ops.gather(t!, i!));
        agree(backend, [indices, float([2, 4, ...rest], dtype)], (i, u) => ops.scatterAdd(i!, u!, 4));
      }
    });

    test("functions of matrices, at steps that ask for them and at others", () => {
      // a part of a longer buffer, which begins with it, and one that ends with it
      agree(backend, [float([3, 3], dtype), float([30], dtype)], (x, z) => {
        const when = ops.constant(1, { dtype: "bool" });
        const part = (start: number): Expr => ops.reshape(ops.slice(z!, [start], [start + 6]), [3, 2]);
        const triangle = ops.add(
          ops.mul(x!, 0.1),
          ops.cast(ops.eq(ops.iota([3, 3], 0), ops.iota([3, 3], 1)), dtype),
        );
        return [0, 24].map((start) =>
          ops.solveTransposed(triangle, part(start), { when, otherwise: part(start) }),
        );
      });
      for (const n of [1, 2, 5, 33, 70]) {
        // as large on the diagonal as to have well separated, positive eigenvalues
        const a: Given = { shape: [n, n], dtype, values: symmetric(n) };
        const b = float([n, 3], dtype, { seed: 8 });
        agree(backend, [a, b, float([n, n], dtype, { seed: 4 })], (x, y, other) =>
          [true, false].flatMap((now) => {
            const when = ops.constant(now ? 1 : 0, { dtype: "bool" });
            const basis = ops.eigenvectors(x!, { when, otherwise: other! });
            return [
              // signs of eigenvectors are nobody's
              ops.abs(basis),
              ops.abs(ops.powerIteration(ops.add(x!, 0.5), basis, { when, otherwise: other! })),
              ops.inverseRoot(x!, { power: 0.25, epsilon: 0.1 }, { when, otherwise: other! }),
              ops.solveTransposed(ops.transpose(ops.mul(2, x!)), y!, { when, otherwise: y! }),
            ];
          }),
        );
      }
    });

    test("select, logic, casts, iota", () => {
      agree(backend, [float([33], dtype), float([33], dtype, { seed: 9 })], (x, y) => [
        ops.select(ops.and(ops.lt(x!, y!), ops.not(ops.le(y!, 0))), x!, ops.mul(y!, 3)),
        ops.cast(ops.mul(x!, 100), "int32"),
        ops.cast(ops.or(ops.lt(x!, 0), ops.gt(y!, 1)), dtype),
        ops.cast(ops.cast(x!, "bool"), "int32"),
        ops.cast(x!, dtype === "float32" ? "float64" : "float32"),
        ops.mul(ops.cast(ops.iota([33]), dtype), x!),
      ]);
      const labels = ints([19], 10);
      agree(backend, [float([19, 10], dtype), labels], (x, y) =>
        ops.sum(ops.select(ops.eq(ops.iota([19, 10], 1), ops.reshape(y!, [19, 1])), x!, 0), { axes: 1 }),
      );
    });

    test("random numbers are the interpreter's, for any shape", () => {
      const key: Given[] = [
        { shape: [], dtype: "int32", values: [123] },
        { shape: [], dtype: "int32", values: [-77] },
      ];
      for (const shape of [[], [3], [1000], [7, 5]] as Shape[]) {
        for (const kind of ["uniform", "normal"] as const) {
          const draw = (k0: Expr | undefined, k1: Expr | undefined): Expr =>
            ops.random(kind, shape, { key: [k0!, k1!], dtype: dtype as "float32" });
          agree(backend, key, draw, { tol: dtype === "float32" ? 5e-6 : 1e-12 });
        }
      }
    });
  });

  test("int32 arithmetic wraps and truncates", () => {
    const edge = [0, 1, -1, 7, -7, 2147483647, -2147483648, 65537];
    const pairs = edge.flatMap((a) => edge.map((b) => [a, b] as const));
    const column = (i: 0 | 1): Given => ({
      shape: [pairs.length],
      dtype: "int32",
      values: pairs.map((p) => p[i]),
    });
    agree(backend, [column(0), column(1)], (x, y) => [
      ops.add(x!, y!), ops.sub(x!, y!), ops.mul(x!, y!), ops.div(x!, y!), ops.max(x!, y!), ops.min(x!, y!), ops.eq(x!, y!), ops.lt(x!, y!),
      ops.le(x!, y!), ops.neg(x!), ops.abs(x!), ops.sign(x!), ops.sum(x!), ops.amax(x!), ops.amin(y!), ops.cast(x!, "float32"),
    ]); // biome-ignore format: a list
  });
});
