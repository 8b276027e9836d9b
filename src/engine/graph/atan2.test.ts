import { describe, expect, test } from "vitest";
import { reference } from "../backends/reference.ts";
import { wasm } from "../backends/wasm.ts";
import { valueAndGrad } from "../rules/differentiate.ts";
import { atan2, type Expr, input, sum } from "./index.ts";

const ends = [0, 1e-30, -1e-30, 1e-3, -0.7, 0.999, 1, -1, 3, -250, 1e30];
const points = ends
  .flatMap((y) => ends.map((x) => [y, x] as const))
  .concat([
    [1e-300, 2e-300],
    [-3e200, 1e200],
  ]);

describe.for([
  ["reference", reference, "float64", 1e-15],
  ["wasm", wasm, "float64", 1e-15],
  ["wasm", wasm, "float32", 3e-7],
] as const)("atan2 on %s, %s %s", ([, backend, dtype, tolerance]) => {
  test("is Math.atan2 in all quadrants and sizes", () => {
    const fitting = points.filter(
      (p) => dtype === "float64" || p.every((c) => Math.abs(Math.fround(c)) < 1e38),
    );
    const [y, x] = [input("y", [fitting.length], dtype), input("x", [fitting.length], dtype)];
    const program = backend.compile({
      inputs: [y, x],
      state: [],
      outputs: [{ name: "angle", value: atan2(y as Expr, x as Expr) }],
    });
    fitting.forEach(([b, a], i) => {
      program.view("y")[i] = b;
      program.view("x")[i] = a;
    });
    program.run();
    fitting.forEach(([b, a], i) => {
      const [gy, gx] = [program.view("y")[i]!, program.view("x")[i]!];
      const want = Math.atan2(gy, gx);
      expect(Math.abs(program.view("angle")[i]! - want), `atan2(${b}, ${a})`).toBeLessThanOrEqual(
        tolerance * Math.max(Math.abs(want), 1e-30),
      );
    });
  });
});

test("its slopes are x/(x² + y²) and −y/(x² + y²), 0 at the origin", () => {
  const y = input("y", [3], "float64");
  const x = input("x", [3], "float64");
  const [, grads] = valueAndGrad((p: Readonly<Record<string, Expr>>) => sum(atan2(p["y"]!, p["x"]!)))({
    y: y as Expr,
    x: x as Expr,
  }) as [Expr, Record<string, Expr>];
  const program = reference.compile({
    inputs: [y, x],
    state: [],
    outputs: Object.entries(grads).map(([name, value]) => ({ name: `d${name}`, value })),
  });
  program.view("y").set([0.5, -2, 0]);
  program.view("x").set([-1.5, 3, 0]);
  program.run();
  expect(Array.from(program.view("dy"))).toEqual([-1.5 / 2.5, 3 / 13, 0]);
  expect(Array.from(program.view("dx"), (v) => v + 0)).toEqual([-0.5 / 2.5, 2 / 13, 0]);
});
