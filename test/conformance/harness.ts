/** Runs one expression on a backend and on the interpreter that defines it, and compares. */
import { expect } from "vitest";
import type { Backend } from "../../src/engine/backend.ts";
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

export function runOn(
  backend: Backend,
  given: readonly Given[],
  build: Build,
): { got: number[][]; want: Float64Array[]; exprs: Expr[] } {
  const leaves = given.map((g, i) => input(`in${i}`, g.shape, g.dtype));
  const exprs = [build(...(leaves as unknown as Expr[]))].flat() as Expr[];
  const program = backend.compile({
    inputs: leaves,
    state: [],
    outputs: exprs.map((value, i) => ({ name: `out${i}`, value })),
  });
  const data = given.map(stored);
  leaves.forEach((_, i) => {
    program.view(`in${i}`).set(data[i]!);
  });
  program.run();
  const got = exprs.map((_, i) => Array.from(program.view(`out${i}`)));
  const exact = interpret(exprs, new Map(leaves.map((leaf, i) => [leaf as unknown as Expr, data[i]!])));
  // a float32 result can't be closer than its rounding, and overflows where float32 does
  const want = exact.map((w, i) => (exprs[i]!.dtype === "float32" ? w.map(Math.fround) : w));
  return { got, want, exprs };
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

/** Fails unless every output of the program agrees with the interpreter. */
export function agree(
  backend: Backend,
  given: readonly Given[],
  build: Build,
  { toMax = false, tol }: { toMax?: boolean; tol?: number } = {},
): void {
  const { got, want, exprs } = runOn(backend, given, build);
  exprs.forEach((e, i) => {
    expect(got[i]!.length).toBe(want[i]!.length);
    const limit = tol ?? tolerance(given.some((g) => g.dtype === "float64") ? "float64" : "float32");
    const error = errorOf(got[i]!, want[i]!, toMax);
    if (error > limit) {
      throw new Error(
        `${backend.name}: output ${i} (${e.op}) is off by ${error}:\n got ${got[i]!.slice(0, 12)}\nwant ${Array.from(want[i]!).slice(0, 12)}`,
      );
    }
  });
}
