/** Gradients against central differences of the float64 interpreter, and the same gradients on the compiled backend. */
import { describe, expect, test } from "vitest";
import { interpret } from "../../src/engine/backends/reference.ts";
import * as ops from "../../src/engine/graph/index.ts";
import { type Expr, input, type Shape } from "../../src/engine/graph/index.ts";
import { gradients, hessianVectorProduct } from "../../src/engine/rules/differentiate.ts";
import { writers } from "./backends.ts";
import { gradientCases as cases } from "./gradient-cases.ts";
import { agree, float, values } from "./harness.ts";

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
