/** Runs one expression on a backend and on the interpreter that defines it, and compares. */
import type { Backend, ProgramSpec } from "../../src/engine/backend.ts";
import { interpret } from "../../src/engine/backends/reference.ts";
import { allocate, type DType, type Expr, input, type Shape, sizeOf } from "../../src/engine/graph/index.ts";

export interface Given {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: ArrayLike<number>;
}

export type Build = (...inputs: Expr[]) => Expr | readonly Expr[];

/** Deterministic pseudo-random values in (−scale, scale), never 0. */
export function values(
  shape: Shape,
  { seed = 1, scale = 2 }: { seed?: number; scale?: number } = {},
): Float64Array {
  let state = seed * 2654435761;
  return Float64Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale || 0.5;
  });
}

export const float = (shape: Shape, dtype: DType, options?: { seed?: number; scale?: number }): Given => ({
  shape,
  dtype,
  values: values(shape, options),
});

export const ints = (shape: Shape, below: number, seed = 3): Given => ({
  shape,
  dtype: "int32",
  values: values(shape, { seed }).map((v) => Math.floor(((v + 2) / 4) * below)),
});

/** Inputs as the backend stores them, so that both sides see the same numbers. */
const stored = (g: Given): ArrayLike<number> => {
  const array = allocate(g.dtype, sizeOf(g.shape));
  array.set(g.values);
  return array;
};

/** A program of the expression, what goes in and what must come out. */
export interface Prepared {
  readonly spec: ProgramSpec;
  /** Inputs by name, as the backend stores them. */
  readonly data: ReadonlyMap<string, ArrayLike<number>>;
  readonly exprs: readonly Expr[];
  readonly want: readonly Float64Array[];
}

/** `prefix` begins all names, where several are to make one program. */
export function prepare(given: readonly Given[], build: Build, prefix = ""): Prepared {
  const leaves = given.map((g, i) => input(`${prefix}in${i}`, g.shape, g.dtype));
  const exprs = [build(...leaves)].flat() as Expr[];
  const outputs = exprs.map((value, i) => ({ name: `${prefix}out${i}`, value }));
  const data = given.map(stored);
  const exact = interpret(exprs, new Map(leaves.map((leaf, i) => [leaf, data[i]!])));
  return {
    spec: { inputs: leaves, state: [], outputs },
    data: new Map(data.map((d, i) => [leaves[i]!.attrs.name, d])),
    exprs,
    // a float32 result can't be closer than its rounding, and overflows where float32 does
    want: exact.map((w, i) => (exprs[i]!.dtype === "float32" ? w.map(Math.fround) : w)),
  };
}

export function runOn(
  backend: Backend,
  given: readonly Given[],
  build: Build,
): { got: number[][]; want: readonly Float64Array[]; exprs: readonly Expr[] } {
  const { spec, data, exprs, want } = prepare(given, build);
  const program = backend.compile(spec);
  for (const [name, values] of data) program.view(name).set(values);
  program.run();
  return { got: exprs.map((_, i) => Array.from(program.view(`out${i}`))), want, exprs };
}

/** Largest error relative to max(1, |want|), or to the largest value of the tensor with `toMax`; NaN and ±∞ must be equal. */
export function errorOf(got: ArrayLike<number>, want: ArrayLike<number>, toMax = false): number {
  let scale = 1;
  if (toMax)
    for (let i = 0; i < want.length; i++)
      if (Number.isFinite(want[i])) scale = Math.max(scale, Math.abs(want[i]!));
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const [g, w] = [got[i]!, want[i]!];
    if (Object.is(g, w) || g === w) continue;
    if (!Number.isFinite(g) || !Number.isFinite(w)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, Math.abs(g - w) / (toMax ? scale : Math.max(1, Math.abs(w))));
  }
  return worst;
}

export const tolerance = (dtype: DType): number => (dtype === "float32" ? 2e-6 : 1e-12);

export interface AgreeOptions {
  /** Errors relative to the largest value of the tensor. */
  readonly toMax?: boolean;
  readonly tol?: number;
}

/** Fails unless every output of the program agrees with the interpreter. */
export function agree(
  backend: Backend,
  given: readonly Given[],
  build: Build,
  options: AgreeOptions = {},
): void {
  const { got, want, exprs } = runOn(backend, given, build);
  const wrong = difference(given, { got, want, exprs }, options);
  if (wrong !== null) throw new Error(`${backend.name}: ${wrong}`);
}

/** What is wrong about the outputs of a program, or null. */
export function difference(
  given: readonly Given[],
  {
    got,
    want,
    exprs,
  }: { got: readonly ArrayLike<number>[]; want: readonly Float64Array[]; exprs: readonly Expr[] },
  { toMax = false, tol }: AgreeOptions = {},
): string | null {
  const limit = tol ?? tolerance(given.some((g) => g.dtype === "float64") ? "float64" : "float32");
  for (const [i, e] of exprs.entries()) {
    if (got[i]!.length !== want[i]!.length)
      return `output ${i} (${e.op}) has ${got[i]!.length} elements, not ${want[i]!.length}`;
    const error = errorOf(got[i]!, want[i]!, toMax);
    const few = (x: ArrayLike<number>): string => Array.from(x).slice(0, 12).join();
    if (!(error <= limit))
      return `output ${i} (${e.op}) is off by ${error}:\n got ${few(got[i]!)}\nwant ${few(want[i]!)}`;
  }
  return null;
}
