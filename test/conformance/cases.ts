/** What every backend must compute like the interpreter: for each float dtype, programs under the name of their test. */
import type { DType, Expr, Shape } from "../../src/engine/graph/index.ts";
import * as ops from "../../src/engine/graph/index.ts";
import { type AgreeOptions, type Build, float, type Given, ints } from "./harness.ts";

export interface Case {
  readonly given: readonly Given[];
  readonly build: Build;
  readonly options?: AgreeOptions;
}
export type Cases = Readonly<Record<string, readonly Case[]>>;

const sizes: Shape[] = [[0], [1], [3], [17], [1000], [], [7, 5], [3, 1, 9]];
const special = [
  0, -0, 1, -1, 0.5, 1e-30, -1e-30, 1e10, -1e10, 88, -88, 700, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY,
  3.7, -3.7,
]; // biome-ignore format: a list
const toMax = { toMax: true };

const unary = {
  neg: ops.neg, exp: ops.exp, log: ops.log, log1p: ops.log1p, expm1: ops.expm1, sqrt: ops.sqrt, rsqrt: ops.rsqrt, sin: ops.sin,
  cos: ops.cos, tanh: ops.tanh, sigmoid: ops.sigmoid, erf: ops.erf, abs: ops.abs, sign: ops.sign, floor: ops.floor,
}; // biome-ignore format: a list
const binary = {
  add: ops.add, sub: ops.sub, mul: ops.mul, div: ops.div, pow: ops.pow, max: ops.max, min: ops.min, eq: ops.eq, lt: ops.lt,
  le: ops.le,
}; // biome-ignore format: a list
const reductions = { sum: ops.sum, amax: ops.amax, amin: ops.amin };

function unaryCases(name: keyof typeof unary, dtype: DType): Case[] {
  const f = unary[name];
  const circular = name === "sin" || name === "cos";
  const values = circular ? special.filter((x) => Math.abs(x) < 1e5 || !Number.isFinite(x)) : special;
  return [
    ...sizes.map((shape) => ({ given: [float(shape, dtype)], build: (x?: Expr) => f(x!) })),
    { given: [{ shape: [values.length], dtype, values }], build: (x) => f(x!) },
  ];
}

function binaryCases(name: keyof typeof binary, dtype: DType): Case[] {
  const build: Build = (x, y) => binary[name](x!, y!);
  const broadcast: [Shape, Shape][] = [
    [[4, 5], [5]],
    [[4, 1], [1, 6]],
    [[], [9]],
    [[2, 1, 3], [8, 1]],
    [[33, 17], [33, 1]],
  ]; // biome-ignore format: a pair a line
  const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
  const column = (i: 0 | 1): Given => ({ shape: [pairs.length], dtype, values: pairs.map((p) => p[i]) });
  const shapes = [...sizes.map((s) => [s, s] as const), ...broadcast];
  return [
    ...shapes.map(([a, b]) => ({ given: [float(a, dtype), float(b, dtype, { seed: 5 })], build })),
    { given: [column(0), column(1)], build },
  ];
}

function reductionCases(name: keyof typeof reductions, dtype: DType): Case[] {
  const f = reductions[name];
  const shapes: Shape[] = [
    [1], [3], [17], [1000], [4, 5], [33, 17], [1000, 3], [2, 3, 4], [5, 1, 7], [3, 200, 2],
  ]; // biome-ignore format: a list
  const cases: Case[] = shapes.flatMap((shape) =>
    Array.from({ length: 2 ** shape.length - 1 }, (_, i): Case => {
      const axes = [...shape.keys()].filter((a) => (i + 1) & (1 << a));
      const build: Build = (x) => [f(x!, { axes }), f(ops.mul(x!, 2), { axes, keepDims: true })];
      return { given: [float(shape, dtype)], build, options: toMax };
    }),
  );
  const withNaN = { shape: [5], dtype, values: [1, Number.NaN, 3, 4, 5] };
  const empty: Case = { given: [float([0, 4], dtype)], build: (x) => [f(x!, { axes: 0 }), f(x!)] };
  return [...cases, { given: [withNaN], build: (x) => f(x!) }, ...(name === "sum" ? [empty] : [])];
}

function argmaxCases(dtype: DType): Case[] {
  const shapes: Shape[] = [
    [1, 1],
    [4, 5],
    [33, 17],
    [3, 200, 2],
  ];
  return [
    ...shapes.flatMap((shape) =>
      shape.map((_, axis) => ({
        given: [float(shape, dtype)],
        build: (x?: Expr) => ops.argmax(x!, axis),
      })),
    ),
    {
      given: [{ shape: [2, 3], dtype, values: [1, 7, 7, 1, Number.NaN, 9] }],
      build: (x) => ops.argmax(x!),
    },
  ];
}

function productCases(dtype: DType): Case[] {
  const dims = [0, 1, 3, 17, 64];
  const plain = dims.flatMap((m) =>
    dims.flatMap((n) =>
      [0, 1, 5, 33].map(
        (k): Case => ({
          given: [float([m, k], dtype), float([k, n], dtype, { seed: 5 })],
          build: (a, b) => ops.matmul(a!, b!),
          options: toMax,
        }),
      ),
    ),
  );
  const flags = [false, true];
  const transposed = flags.flatMap((transposeA) =>
    flags.flatMap((transposeB) => {
      const a = transposeA ? [7, 19] : [19, 7];
      const b = transposeB ? [5, 7] : [7, 5];
      const build: Build = (x, y) => ops.matmul(x!, y!, { transposeA, transposeB });
      const shapes = [
        [a, b],
        [[2, 3, ...a], [3, ...b]],
      ] as const; // biome-ignore format: a pair a line
      return shapes.map(
        ([s, t]): Case => ({
          given: [float(s, dtype), float(t, dtype, { seed: 5 })],
          build,
          options: toMax,
        }),
      );
    }),
  );
  return [
    ...plain,
    ...transposed,
    {
      given: [float([4, 6, 8], dtype)],
      build: (x) => ops.matmul(ops.permute(x!, [1, 0, 2]), ops.permute(x!, [1, 2, 0])),
      options: toMax,
    },
    {
      given: [float([6, 8], dtype)],
      build: (x) => ops.matmul(ops.slice(x!, [1, 2], [5, 6]), ops.broadcastTo(ops.sum(x!), [4, 3])),
      options: toMax,
    },
  ];
}

function movementCases(dtype: DType): Case[] {
  const builds: [Shape, Build][] = [
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
  return builds.map(([shape, build]) => ({ given: [float(shape, dtype)], build }));
}

function rowCases(dtype: DType): Case[] {
  const indices: Given = { shape: [2, 4], dtype: "int32", values: [0, 3, 3, 9, -2, 1, 2, 3] };
  const rests: Shape[] = [[], [1], [5], [3, 6]];
  return rests.flatMap((rest): Case[] => [
    { given: [float([4, ...rest], dtype), indices], build: (t, i) => ops.gather(t!, i!) },
    { given: [indices, float([2, 4, ...rest], dtype)], build: (i, u) => ops.scatterAdd(i!, u!, 4) },
    {
      // the beginnings of longer tensors
      given: [float([9, ...rest], dtype), indices],
      build: (t, i) => {
        const few = ops.reshape(ops.slice(i!, [0, 0], [1, 4]), [4]);
        const first = ops.slice(t!, [0, ...rest.map(() => 0)], [4, ...rest]);
        return [ops.gather(first, few), ops.scatterAdd(few, first, 3)];
      },
    },
  ]);
}

/** Symmetric, positive, with eigenvalues about 1 apart. */
const symmetric = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return i === j ? i + 1 : 0.05 * Math.sin(i + j + i * j);
  });

/** A part of a longer buffer, which begins with it, and one that ends with it. */
const partOfBuffer = (dtype: DType): Case => ({
  given: [float([3, 3], dtype), float([30], dtype)],
  build: (x, z) => {
    const when = ops.constant(1, { dtype: "bool" });
    const part = (start: number): Expr => ops.reshape(ops.slice(z!, [start], [start + 6]), [3, 2]);
    const unit = ops.cast(ops.eq(ops.iota([3, 3], 0), ops.iota([3, 3], 1)), dtype);
    const triangle = ops.add(ops.mul(x!, 0.1), unit);
    return [0, 24].map((start) =>
      ops.solveTransposed(triangle, part(start), { when, otherwise: part(start) }),
    );
  },
});

function matrixCases(dtype: DType): Case[] {
  const wholes = [1, 2, 5, 33, 70].map((n): Case => {
    // as large on the diagonal as to have well separated, positive eigenvalues
    const a: Given = { shape: [n, n], dtype, values: symmetric(n) };
    const b = float([n, 3], dtype, { seed: 8 });
    return {
      given: [a, b, float([n, n], dtype, { seed: 4 })],
      build: (x, y, other) =>
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
    };
  });
  return [partOfBuffer(dtype), ...wholes];
}

function logicCases(dtype: DType): Case[] {
  return [
    {
      given: [float([33], dtype), float([33], dtype, { seed: 9 })],
      build: (x, y) => [
        ops.select(ops.and(ops.lt(x!, y!), ops.not(ops.le(y!, 0))), x!, ops.mul(y!, 3)),
        ops.cast(ops.mul(x!, 100), "int32"),
        ops.cast(ops.or(ops.lt(x!, 0), ops.gt(y!, 1)), dtype),
        ops.cast(ops.cast(x!, "bool"), "int32"),
        ops.mul(ops.cast(ops.iota([33]), dtype), x!),
      ],
    },
    {
      given: [float([19, 10], dtype), ints([19], 10)],
      build: (x, y) =>
        ops.sum(ops.select(ops.eq(ops.iota([19, 10], 1), ops.reshape(y!, [19, 1])), x!, 0), { axes: 1 }),
    },
  ];
}

function randomCases(dtype: DType): Case[] {
  const given: Given[] = [123, -77].map((key) => ({ shape: [], dtype: "int32", values: [key] }));
  const shapes: Shape[] = [[], [3], [1000], [7, 5]];
  return shapes.flatMap((shape) =>
    (["uniform", "normal"] as const).map((kind): Case => {
      const build: Build = (k0, k1) =>
        ops.random(kind, shape, { key: [k0!, k1!], dtype: dtype as "float32" });
      return { given, build, options: { tol: dtype === "float32" ? 5e-6 : 1e-12 } };
    }),
  );
}

const named = <N extends string>(
  names: readonly N[],
  title: string,
  cases: (name: N) => Case[],
): [string, Case[]][] => names.map((name) => [`${name}${title}`, cases(name)]);
const namesOf = <N extends string>(record: Readonly<Record<N, unknown>>): N[] => Object.keys(record) as N[];

/** All of one float dtype, without functions of whole matrices. */
export const primitiveCases = (dtype: "float32" | "float64"): Cases =>
  Object.fromEntries([
    ...named(namesOf(unary), ", every size and special values", (n) => unaryCases(n, dtype)),
    ...named(namesOf(binary), ", every size, broadcasting and special values", (n) => binaryCases(n, dtype)),
    ...named(namesOf(reductions), " over every choice of axes", (n) => reductionCases(n, dtype)),
    ["argmax, with ties and NaN", argmaxCases(dtype)],
    ["matmul: shapes, transposes, batches, views", productCases(dtype)],
    ["movement: reshape, permute, broadcast, slice, pad, concat, windows", movementCases(dtype)],
    ["gather and scatter-add clamp their indices and add up repeats", rowCases(dtype)],
    ["select, logic, casts, iota", logicCases(dtype)],
    ["random numbers are the interpreter's, for any shape", randomCases(dtype)],
  ]);

/** What the host computes: not every backend has it. */
export const hostCases = (dtype: "float32" | "float64"): Cases => ({
  "functions of matrices, at steps that ask for them and at others": matrixCases(dtype),
});

/** Casts between the float dtypes. */
export const castCases = (dtype: "float32" | "float64"): Cases => ({
  "a cast to the other float dtype": [
    {
      given: [float([33], dtype)],
      build: (x) => ops.cast(x!, dtype === "float32" ? "float64" : "float32"),
    },
  ],
});

const edge = [0, 1, -1, 7, -7, 2147483647, -2147483648, 65537];
const edgePairs = edge.flatMap((a) => edge.map((b) => [a, b] as const));
const edgeColumn = (i: 0 | 1): Given => ({
  shape: [edgePairs.length],
  dtype: "int32",
  values: edgePairs.map((p) => p[i]),
});
export const wholeCases: Cases = {
  "int32 arithmetic wraps and truncates": [
    {
      given: [edgeColumn(0), edgeColumn(1)],
      build: (x, y) => [
        ops.add(x!, y!), ops.sub(x!, y!), ops.mul(x!, y!), ops.div(x!, y!), ops.max(x!, y!), ops.min(x!, y!), ops.eq(x!, y!), ops.lt(x!, y!),
        ops.le(x!, y!), ops.neg(x!), ops.abs(x!), ops.sign(x!), ops.sum(x!), ops.amax(x!), ops.amin(y!), ops.cast(x!, "float32"),
      ], // biome-ignore format: a list
    },
  ],
};

/** A million terms of 0.1. */
export const longSum = (dtype: DType): Case => {
  const n = 1_000_003;
  return { given: [{ shape: [n], dtype, values: new Float64Array(n).fill(0.1) }], build: (x) => ops.sum(x!) };
};
/** Its relative error may be one rounding of the result, and at most 128 roundings inside a run. */
export const longSumTolerance = (dtype: DType): number => (dtype === "float32" ? 1e-6 : 1e-13);
