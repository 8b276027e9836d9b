/**
 * The primitives: what each carries, and what kind it is. Every table of rules is keyed by these types, so a new primitive
 * does not compile until it is classified here and each table has its row.
 */
import type { MatrixFunction } from "../matrix/functions.ts";
import type { TypedArray } from "./dtype.ts";

type None = Readonly<Record<string, never>>;

/** Sliding windows over the last `sizes.length` axes; output axes are the positions, then the window. */
export interface Windows {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Faster ways for products of the windows; they come with the node, so that programs without it are spared their code. */
  readonly products?: WindowProducts | undefined;
}

/** What these are, the backends that have them know: see backends/window-products.ts. */
export interface WindowProducts {
  readonly name: "winograd";
}

/** How a `random` element is made of its counter (see rules/evaluate.ts for the exact arithmetic). */
export type RandomKind = "uniform" | "normal";

/** The closed set of primitives with what each carries besides its inputs. */
export interface AttrsOf {
  // leaves
  readonly input: { readonly name: string };
  readonly constant: { readonly value: number | TypedArray };
  readonly iota: { readonly axis: number };
  // elementwise; all inputs have the output's shape
  readonly neg: None;
  readonly exp: None;
  readonly log: None;
  readonly log1p: None;
  readonly expm1: None;
  readonly sqrt: None;
  readonly rsqrt: None;
  readonly sin: None;
  readonly cos: None;
  readonly tanh: None;
  readonly sigmoid: None;
  readonly erf: None;
  readonly abs: None;
  readonly sign: None;
  readonly floor: None;
  readonly not: None;
  readonly cast: None;
  readonly stopGradient: None;
  readonly add: None;
  readonly sub: None;
  readonly mul: None;
  readonly div: None;
  readonly pow: None;
  readonly max: None;
  readonly min: None;
  readonly eq: None;
  readonly lt: None;
  readonly le: None;
  readonly and: None;
  readonly or: None;
  /** inputs: value, x, slope. The value, whose derivative with respect to x is declared to be `slope`. */
  readonly withGradient: None;
  /** inputs: condition (bool), value where true, value where false */
  readonly select: None;
  /** inputs: two key words and a counter, all int32 */
  readonly random: { readonly kind: RandomKind };
  // reductions; the axes disappear from the shape
  readonly reduceSum: { readonly axes: readonly number[] };
  readonly reduceMax: { readonly axes: readonly number[] };
  readonly reduceMin: { readonly axes: readonly number[] };
  readonly argmax: { readonly axis: number };
  /** inputs: [..., M, K] (or [..., K, M] when transposed), [..., K, N]; equal leading axes */
  readonly matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** inputs: whether to compute (bool, rank 0), the value where not, the function's arguments; [n, m] like the value where not */
  readonly matrixFunction: { readonly fn: MatrixFunction };
  // movement
  readonly reshape: None;
  readonly permute: { readonly axes: readonly number[] };
  readonly broadcast: None;
  readonly slice: { readonly starts: readonly number[]; readonly steps: readonly number[] };
  readonly pad: {
    readonly low: readonly number[];
    readonly steps: readonly number[];
    readonly value: number;
  };
  readonly concat: { readonly axis: number };
  /** inputs: table [V, ...rest], indices int32 [I...] → [I..., ...rest]; indices are clamped to 0..V−1 */
  readonly gather: None;
  /** inputs: indices int32 [I...], updates [I..., ...rest] → [V, ...rest], the rows of equal index added up */
  readonly scatterAdd: None;
  readonly windows: Windows;
  /** The adjoint of `windows`: overlapping elements are added up. */
  readonly foldWindows: Windows;
}

/**
 * What passes may do with a node:
 * - `leaf`: given before the step;
 * - `elementwise`: element i is made of element i of each input, so it can share a loop;
 * - `reduction`: some axes of one input disappear;
 * - `view`: the elements of its input in another place or order; memory is needed only where the reader can't follow;
 * - `kernel`: always a kernel of its own;
 * - `marker`: says something to the derivatives, and is gone before code is made.
 */
type Kind = "leaf" | "elementwise" | "reduction" | "view" | "kernel" | "marker";

/**
 * `cheap`: sooner computed again than stored and loaded. `polynomial`: so many constants that two of them in one loop
 * spill each other's registers.
 */
type Cost = "cheap" | "plain" | "polynomial";

/** Floating-point operations for each element of the output, or of what is reduced or scattered. */
type Flops = 0 | 1 | "product" | "matrix";

type Facts =
  | { readonly kind: Exclude<Kind, "elementwise">; readonly flops: Flops }
  | { readonly kind: "elementwise"; readonly arity: 1 | 2 | 3; readonly cost: Cost; readonly flops: Flops };

export const primitives = {
  input: { kind: "leaf", flops: 0 },
  constant: { kind: "leaf", flops: 0 },
  iota: { kind: "leaf", flops: 0 },
  neg: { kind: "elementwise", arity: 1, cost: "cheap", flops: 1 },
  exp: { kind: "elementwise", arity: 1, cost: "polynomial", flops: 1 },
  log: { kind: "elementwise", arity: 1, cost: "polynomial", flops: 1 },
  log1p: { kind: "elementwise", arity: 1, cost: "polynomial", flops: 1 },
  expm1: { kind: "elementwise", arity: 1, cost: "polynomial", flops: 1 },
  sqrt: { kind: "elementwise", arity: 1, cost: "plain", flops: 1 },
  rsqrt: { kind: "elementwise", arity: 1, cost: "plain", flops: 1 },
  sin: { kind: "elementwise", arity: 1, cost: "polynomial", flops: 1 },
  cos: { kind: "elementwise", arity: 1, cost: "polynomial", flops: 1 },
  tanh: { kind: "elementwise", arity: 1, cost: "polynomial", flops: 1 },
  sigmoid: { kind: "elementwise", arity: 1, cost: "polynomial", flops: 1 },
  erf: { kind: "elementwise", arity: 1, cost: "polynomial", flops: 1 },
  abs: { kind: "elementwise", arity: 1, cost: "cheap", flops: 1 },
  sign: { kind: "elementwise", arity: 1, cost: "plain", flops: 1 },
  floor: { kind: "elementwise", arity: 1, cost: "plain", flops: 1 },
  not: { kind: "elementwise", arity: 1, cost: "cheap", flops: 1 },
  cast: { kind: "elementwise", arity: 1, cost: "cheap", flops: 0 },
  stopGradient: { kind: "elementwise", arity: 1, cost: "plain", flops: 0 },
  add: { kind: "elementwise", arity: 2, cost: "cheap", flops: 1 },
  sub: { kind: "elementwise", arity: 2, cost: "cheap", flops: 1 },
  mul: { kind: "elementwise", arity: 2, cost: "cheap", flops: 1 },
  div: { kind: "elementwise", arity: 2, cost: "plain", flops: 1 },
  pow: { kind: "elementwise", arity: 2, cost: "polynomial", flops: 1 },
  max: { kind: "elementwise", arity: 2, cost: "cheap", flops: 1 },
  min: { kind: "elementwise", arity: 2, cost: "cheap", flops: 1 },
  eq: { kind: "elementwise", arity: 2, cost: "cheap", flops: 1 },
  lt: { kind: "elementwise", arity: 2, cost: "cheap", flops: 1 },
  le: { kind: "elementwise", arity: 2, cost: "cheap", flops: 1 },
  and: { kind: "elementwise", arity: 2, cost: "cheap", flops: 1 },
  or: { kind: "elementwise", arity: 2, cost: "cheap", flops: 1 },
  select: { kind: "elementwise", arity: 3, cost: "cheap", flops: 1 },
  random: { kind: "elementwise", arity: 3, cost: "plain", flops: 1 },
  withGradient: { kind: "marker", flops: 0 },
  reduceSum: { kind: "reduction", flops: 1 },
  reduceMax: { kind: "reduction", flops: 1 },
  reduceMin: { kind: "reduction", flops: 1 },
  argmax: { kind: "reduction", flops: 1 },
  reshape: { kind: "view", flops: 0 },
  permute: { kind: "view", flops: 0 },
  broadcast: { kind: "view", flops: 0 },
  slice: { kind: "view", flops: 0 },
  windows: { kind: "view", flops: 0 },
  matmul: { kind: "kernel", flops: "product" },
  matrixFunction: { kind: "kernel", flops: "matrix" },
  pad: { kind: "kernel", flops: 0 },
  concat: { kind: "kernel", flops: 0 },
  gather: { kind: "kernel", flops: 0 },
  scatterAdd: { kind: "kernel", flops: 1 },
  foldWindows: { kind: "kernel", flops: 1 },
} as const;

/** The names of the operations that every backend knows; everything else is made of them. */
export type Primitive = keyof AttrsOf;

/** Refuses a table that leaves a primitive out. */
type Complete<T extends { readonly [P in Primitive]: Facts }> = T;
type Rows = Complete<typeof primitives>;

/** The primitives whose row has these fields. */
type With<F> = { [P in Primitive]: Rows[P] extends F ? P : never }[Primitive];

export type ElementwisePrimitive = With<{ readonly kind: "elementwise" }>;
export type UnaryPrimitive = With<{ readonly arity: 1 }>;
export type BinaryPrimitive = With<{ readonly arity: 2 }>;
export type PolynomialPrimitive = With<{ readonly cost: "polynomial" }>;
export type ReductionPrimitive = With<{ readonly kind: "reduction" }>;
export type ViewPrimitive = With<{ readonly kind: "view" }>;
export type KernelPrimitive = With<{ readonly kind: "kernel" }>;
