import { expect, test } from "vitest";
import { makeTrainer } from "../../test/optim/program.ts";
import { wasm } from "../engine/backends/wasm.ts";
import { constant, type Expr, mul, square, sub, sum } from "../engine/graph/index.ts";
import { adamh, makeOptimizer, optimizers, sgd, type Tensors, type Transform } from "./index.ts";

const target = constant(Float64Array.from([1, -2, 3, 0.5, -1, 2]), { shape: [2, 3], dtype: "float64" });
const loss = ({ w }: Tensors): Expr => mul(0.5, sum(square(sub(w!, target))));
const start = [0.3, 0.4, -0.2, 0.7, 0.1, -0.6];

const trained = (transform: Transform, lr: number, steps: number): number[] => {
  const trainer = makeTrainer({
    backend: wasm,
    dtype: "float64",
    shapes: { w: [2, 3] },
    start: { w: start },
    loss,
    transform,
  });
  for (let k = 0; k < steps; k++) trainer.step(lr);
  return trainer.params()["w"]!;
};

const near = (got: readonly number[], want: readonly number[]): void =>
  want.forEach((w, i) => {
    expect(got[i]).toBeCloseTo(w, 12);
  });

test("hyperball over adam is adamh, and the norm of a matrix stays", () => {
  const over = makeOptimizer("adam", { betas: [0.9, 0.95], hyperball: true });
  const got = trained(over, 0.05, 10);
  near(got, trained(adamh(), 0.05, 10));
  expect(Math.hypot(...got)).toBeCloseTo(Math.hypot(...start), 12);
});

test("emaNesterov feeds (1−μ)g + μB", () => {
  const [mu, lr] = [0.8, 0.1];
  let w = [...start];
  let buf = w.map(() => 0);
  const goal = [1, -2, 3, 0.5, -1, 2];
  for (let k = 0; k < 7; k++) {
    const g = w.map((x, i) => x - goal[i]!);
    buf = buf.map((b, i) => mu * b + (1 - mu) * g[i]!);
    w = w.map((x, i) => x - lr * ((1 - mu) * g[i]! + mu * buf[i]!));
  }
  near(trained(sgd({ emaNesterov: mu }), lr, 7), w);
});

test("caution climbs where the optimizer is told to maximize", () => {
  const up = makeOptimizer("adam", { maximize: true, caution: "mean" });
  const down = makeOptimizer("adam", { caution: "mean" });
  const far = (x: readonly number[]): number =>
    Math.hypot(...x.map((v, i) => v - [1, -2, 3, 0.5, -1, 2][i]!));
  expect(far(trained(up, 0.05, 3))).toBeGreaterThan(far(start));
  expect(far(trained(down, 0.05, 3))).toBeLessThan(far(start));
});

test("a modified row has no equal in PyTorch, and says that it is modified", () => {
  const adamw = optimizers.find((o) => o.name === "adamw")!;
  const all = Object.fromEntries(adamw.options.map((o) => [o.name, o.default]));
  expect(adamw.torch(all)?.class).toBe("AdamW");
  expect(adamw.isModified(all)).toBe(false);
  for (const on of [
    { caution: "count" },
    { cautiousWeightDecay: true },
    { hyperball: true },
    { emaNesterov: 0.9 },
  ]) {
    expect(adamw.torch({ ...all, ...on })).toBeNull();
    expect(adamw.isModified({ ...all, ...on })).toBe(true);
  }
});

test("every row takes modifiers or says why it takes none", () => {
  for (const o of optimizers) {
    expect(o.modifiers.options.length > 0, o.name).toBe(o.modifiers.none === undefined);
  }
});
