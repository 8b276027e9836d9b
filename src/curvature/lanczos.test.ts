/** Eigenvalues by LAPACK, a network's Hessian by PyTorch: test/golden/make_curvature.py. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { reference } from "../engine/backends/reference.ts";
import { wasm } from "../engine/backends/wasm.ts";
import {
  add,
  div,
  type Expr,
  input,
  log,
  matmul,
  mean,
  mul,
  square,
  sub,
  sum,
  tanh,
} from "../engine/graph/index.ts";
import { lanczos } from "./lanczos.ts";
import { lossProgram, type Objective, objectiveOf } from "./objective.ts";
import { denseOperator, preconditioned } from "./operator.ts";
import { tridiagonalEigen } from "./tridiagonal.ts";

interface Case {
  readonly name: string;
  readonly matrix: number[][];
  readonly eigenvalues: number[];
  readonly preconditioner?: number[];
  readonly preconditioned?: number[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/curvature.json", import.meta.url), "utf8"),
) as {
  matrices: Case[];
  mlp: { loss: number; gradient: number[]; eigenvalues: number[]; direction: number[]; product: number[] };
};

test.each(golden.matrices)("$name: both edges, as far as float64 goes", async ({ matrix, eigenvalues }) => {
  const found = await lanczos(denseOperator(matrix), { tolerance: 1e-13 });
  const size = Math.max(...eigenvalues.map(Math.abs));
  expect(Math.abs(found.largest.value - eigenvalues.at(-1)!)).toBeLessThan(1e-13 * size);
  expect(Math.abs(found.smallest.value - eigenvalues[0]!)).toBeLessThan(1e-13 * size);
  expect(found.converged).toBe(true);
});

test("the preconditioned operator has the eigenvalues of P⁻¹H", async () => {
  const { matrix, preconditioner, preconditioned: expected } = golden.matrices.find((c) => c.preconditioned)!;
  const found = await lanczos(preconditioned(denseOperator(matrix), preconditioner!), {
    tolerance: 1e-13,
  });
  expect(found.largest.value).toBeCloseTo(expected!.at(-1)!, 11);
  expect(found.smallest.value).toBeCloseTo(expected![0]!, 11);
});

test("a Krylov space that ends early is an end, not a failure", async () => {
  const { matrix, eigenvalues } = golden.matrices.find((c) => c.name.startsWith("repeated"))!;
  const found = await lanczos(denseOperator(matrix));
  expect(found.products).toBe(3); // three different eigenvalues
  expect([...found.ritz].map((v) => Number(v.toFixed(12)))).toEqual([
    ...new Set(eigenvalues.map((v) => Math.round(v))),
  ]);
});

test("a zero operator has curvature zero", async () => {
  const found = await lanczos({ size: 5, apply: (_, out) => out.fill(0) });
  expect([found.largest.value, found.smallest.value, found.complete, found.products]).toEqual([
    0,
    0,
    true,
    1,
  ]);
});

test("the error is honest: the true edge lies within it, from below, long before the whole space is searched", async () => {
  const n = 400;
  const values = Float64Array.from({ length: n }, (_, i) => (i < n - 1 ? Math.cos(i) : 1.3));
  const diagonal = {
    size: n,
    apply: (v: Float64Array, out: Float64Array) => v.forEach((x, i) => (out[i] = values[i]! * x)),
  };
  for (const max of [4, 8, 16, 30]) {
    const { largest, converged } = await lanczos(diagonal, { maxIterations: max, tolerance: 1e-12 });
    expect(converged).toBe(false);
    expect(largest.value).toBeLessThanOrEqual(1.3);
    expect(values.some((v) => Math.abs(v - largest.value) <= largest.error)).toBe(true);
  }
  const end = await lanczos(diagonal, { edges: "largest" });
  expect(end.converged && !end.complete).toBe(true);
  expect(end.largest.value).toBeCloseTo(1.3, 6);
  expect(end.largest.error).toBeLessThan(1.3e-4);
  // its vector is the axis of the largest value
  expect(Math.abs(end.largest.vector[n - 1]!)).toBeCloseTo(1, 6);
});

test("a start vector near the answer saves products", async () => {
  const n = 300;
  const op = {
    size: n,
    apply: (v: Float64Array, out: Float64Array) => v.forEach((x, i) => (out[i] = Math.sqrt(i) * x)),
  };
  const cold = await lanczos(op, { edges: "largest", tolerance: 1e-3 });
  const warm = await lanczos(op, { edges: "largest", tolerance: 1e-3, start: cold.largest.vector });
  expect(warm.products).toBeLessThan(cold.products / 2);
});

test("what can't be searched is refused", async () => {
  await expect(lanczos({ size: 0, apply: () => {} })).rejects.toMatchObject({ id: "curvature" });
  await expect(lanczos({ size: 2, apply: (_, out) => out.fill(Number.NaN) })).rejects.toMatchObject({
    id: "non-finite",
  });
  await expect(lanczos(denseOperator([[1]]), { start: Float64Array.of(0) })).rejects.toMatchObject({
    id: "curvature",
  });
});

test("tridiagonal: vectors are orthonormal and belong to their values", () => {
  const [d, e] = [
    [3, -1, 4, 1, 5],
    [0.5, 0, 2, 1e-9],
  ];
  const { values, vectors } = tridiagonalEigen(d, e);
  for (const [i, v] of vectors.entries()) {
    d.forEach((x, k) => {
      const product = x * v[k]! + (e[k] ?? 0) * (v[k + 1] ?? 0) + (k > 0 ? e[k - 1]! * v[k - 1]! : 0);
      expect(product).toBeCloseTo(values[i]! * v[k]!, 13);
    });
    for (const [j, u] of vectors.entries())
      expect(u.reduce((s, x, k) => s + x * v[k]!, 0)).toBeCloseTo(i === j ? 1 : 0, 13);
  }
});

describe.each([reference, wasm])("a network's loss on $name", (backend) => {
  const objective = (): Objective => {
    const shapes = { w1: [5, 3], b1: [5], w2: [1, 5], b2: [1] };
    const params = Object.fromEntries(
      Object.entries(shapes).map(([name, s]) => [name, input(name, s, "float64") as Expr]),
    );
    const x = input("x", [4, 3], "float64") as Expr;
    const y = input("y", [4, 1], "float64") as Expr;
    const { w1, b1, w2, b2 } = params as Record<string, Expr>;
    const hidden = tanh(add(matmul(x, w1!, { transposeB: true }), b1!));
    const loss = mean(square(sub(add(matmul(hidden, w2!, { transposeB: true }), b2!), y)));
    const theta = Float64Array.from({ length: 26 }, (_, i) => 0.7 * Math.sin(i + 1));
    return objectiveOf(lossProgram({ params, loss, backend }), theta, (view) => {
      view("x")?.set(Float64Array.from({ length: 12 }, (_, i) => Math.sin(i + 1)));
      view("y")?.set([0.5, -1, 2, 0.25]);
    });
  };
  test("loss, gradient and Hessian products are PyTorch's", () => {
    const f = objective();
    const out = new Float64Array(f.size);
    expect(f.loss()).toBeCloseTo(golden.mlp.loss, 13);
    expect(f.gradient(out)).toBeCloseTo(golden.mlp.loss, 13);
    golden.mlp.gradient.forEach((g, i) => expect(out[i]).toBeCloseTo(g, 12));
    f.hessian.apply(Float64Array.from(golden.mlp.direction), out);
    golden.mlp.product.forEach((g, i) => expect(out[i]).toBeCloseTo(g, 12));
  });
  test("both edges, the negative one too", async () => {
    const { largest, smallest } = await lanczos(objective().hessian);
    const { eigenvalues } = golden.mlp;
    expect(eigenvalues[0]).toBeLessThan(-0.01); // the case has negative curvature
    expect(largest.value).toBeCloseTo(eigenvalues.at(-1)!, 10);
    expect(smallest.value).toBeCloseTo(eigenvalues[0]!, 10);
  });
  test("moves with its point, and refuses a point where the loss is no number", () => {
    const x = input("x", [1], "float64") as Expr;
    const f = objectiveOf(lossProgram({ params: { x }, loss: sum(log(x)), backend }), [2], () => {});
    const out = new Float64Array(1);
    const curvature = (): number => {
      f.hessian.apply(Float64Array.of(1), out);
      return out[0]!;
    };
    expect(curvature()).toBeCloseTo(-1 / 4, 14);
    f.moveTo([5]);
    expect(curvature()).toBeCloseTo(-1 / 25, 14);
    f.moveTo([-1]);
    expect(() => f.loss()).toThrow(/loss is NaN/);
    expect(() => f.gradient(out)).toThrow(/loss is NaN/);
    expect(() => f.moveTo([1, 2])).toThrow(/1 coordinates, got 2/);
  });
  test("a loss without curvature has a zero Hessian", async () => {
    const x = input("x", [3], "float64") as Expr;
    const f = objectiveOf(
      lossProgram({ params: { x }, loss: sum(mul(x, div(x, x))), backend }),
      [1, 2, 3],
      () => {},
    );
    const { largest, smallest } = await lanczos(f.hessian);
    expect(Math.abs(largest.value)).toBeLessThan(1e-14);
    expect(Math.abs(smallest.value)).toBeLessThan(1e-14);
    const flat = objectiveOf(lossProgram({ params: { x }, loss: sum(x), backend }), [1, 2, 3], () => {});
    expect((await lanczos(flat.hessian)).largest.value).toBe(0);
  });
});
