import { describe, expect, test } from "vitest";
import type { Backend } from "../engine/backend.ts";
import { reference } from "../engine/backends/reference.ts";
import { wasm } from "../engine/backends/wasm.ts";
import type { Expr } from "../engine/graph/index.ts";
import { batchNorm } from "../nn/batch-norm.ts";
import { dropout } from "../nn/dropout.ts";
import { linear, sequential, tanh } from "../nn/index.ts";
import * as losses from "../nn/losses/index.ts";
import { clipByGlobalNorm } from "../optim/clip/index.ts";
import {
  accumulate,
  adamw,
  chain,
  emaWeights,
  lookahead,
  masked,
  partition,
  sam,
  sgd,
  type Transform,
} from "../optim/index.ts";
import { NonFiniteError } from "../run/errors.ts";
import { evalStep } from "./forward.ts";
import { type TrainStep, trainStep } from "./program.ts";
import type { BatchTensors } from "./trace.ts";

type Pair = Record<"x" | "y", readonly number[]>;
const mse = (output: Expr, batch: BatchTensors<Pair>): Expr => losses.mse(output, batch.y);
const x = Float64Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));
const y = Float64Array.of(0.5, -1, 2, 0.25);

const toy = (backend: Backend): TrainStep<Pair> =>
  trainStep({
    model: sequential(linear(3, 5), tanh(), linear(5, 1)),
    loss: mse,
    optimizer: chain(clipByGlobalNorm(0.5), adamw({ lr: 0.05 })),
    batch: { x: [4, 3], y: [4, 1] },
    dtype: "float64",
    backend,
    seed: 3,
  });

describe.each<Backend>([reference, wasm])("$name", (backend) => {
  test("plain gradient descent on one weight is θ − η·∂/∂θ by hand", () => {
    // model w·x without bias, loss mean (w·x − y)²: gradient 2·mean(x(w·x − y))
    const step = trainStep({
      model: sequential(linear(1, 1, { bias: false })),
      loss: mse,
      optimizer: sgd({ lr: 0.1 }),
      batch: { x: [2, 1], y: [2, 1] },
      dtype: "float64",
      backend,
    });
    step.state[0]!.values[0] = 2;
    const { loss, gradNorm } = step({ x: [1, 3], y: [1, -1] });
    expect(loss).toBeCloseTo((1 ** 2 + 7 ** 2) / 2, 14);
    expect(gradNorm).toBeCloseTo(22, 13);
    expect(step.state[0]!.values[0]).toBeCloseTo(2 - 0.1 * 22, 14);
  });

  test("redrawn from a seed, a step starts as one made with that seed", () => {
    const made = (seed: number): TrainStep<Pair> =>
      trainStep({
        model: sequential(linear(3, 8), dropout(0.5), linear(8, 1)),
        loss: mse,
        optimizer: adamw({ lr: 0.05 }),
        batch: { x: [4, 3], y: [4, 1] },
        backend,
        seed,
      });
    const [step, other] = [made(3), made(4)];
    for (let k = 0; k < 3; k++) step({ x, y });
    step.redraw(4);
    const values = (s: TrainStep<Pair>): number[][] => s.state.map((t) => Array.from(t.values));
    expect(values(step)).toEqual(values(other));
    for (let k = 0; k < 3; k++) expect(step({ x, y })).toEqual(other({ x, y }));
    expect(values(step)).toEqual(values(other));
  });

  test("errorIfNonfinite ends at a gradient that is not finite, also inside a chain", () => {
    const step = trainStep({
      model: sequential(linear(1, 1, { bias: false })),
      loss: mse,
      optimizer: chain(clipByGlobalNorm(1, { errorIfNonfinite: true }), sgd({ lr: 0.1 })),
      batch: { x: [2, 1], y: [2, 1] },
      dtype: "float64",
      backend,
    });
    expect(step({ x: [1, 3], y: [1, -1] })["nonFinite"]).toBe(0);
    expect(() => step({ x: [1, Infinity], y: [1, -1] })).toThrow(NonFiniteError);
  });

  const strict = chain(clipByGlobalNorm(1, { errorIfNonfinite: true }), sgd({ lr: 0.1 }));
  const lax = chain(clipByGlobalNorm(1), sgd({ lr: 0.1 }));
  const isBias = (name: string): string => (name.endsWith("bias") ? "bias" : "rest");
  test.each<[string, Transform]>([
    ["accumulate", accumulate(strict, { steps: 2 })],
    ["lookahead", lookahead(strict)],
    ["sam", sam(strict)],
    ["emaWeights", emaWeights(strict, { decay: 0.9 })],
    ["masked", masked(strict, /weight/)],
    ["a strict group before a lax one", partition({ rest: strict, bias: lax }, isBias)],
    ["a strict group after a lax one", partition({ bias: lax, rest: strict }, isBias)],
  ])("errorIfNonfinite ends the run inside %s too", (_, optimizer) => {
    const step = trainStep({
      model: sequential(linear(1, 1)),
      loss: mse,
      optimizer,
      batch: { x: [2, 1], y: [2, 1] },
      dtype: "float64",
      backend,
    });
    expect(step({ x: [1, 3], y: [1, -1] })["nonFinite"]).toBe(0);
    // the weight's gradient is infinite or NaN
    expect(() => step({ x: [1, Infinity], y: [1, -1] })).toThrow(NonFiniteError);
  });

  test("the loss falls, and the norm is the one before clipping", () => {
    const step = toy(backend);
    const first = { ...step({ x, y }) };
    expect(first["clipped"]).toBe(Number(first.gradNorm > 0.5));
    let last = first.loss;
    for (let k = 0; k < 200; k++) last = step({ x, y }).loss;
    expect(last).toBeLessThan(first.loss / 100);
  });

  test("copying the state into a fresh program continues bit for bit", () => {
    const [a, b] = [toy(backend), toy(backend)];
    for (let k = 0; k < 5; k++) a({ x, y });
    a.state.forEach((t, i) => {
      b.state[i]!.values.set(t.values);
    });
    b.count = a.count;
    expect({ ...b({ x, y }) }).toEqual({ ...a({ x, y }) });
    expect(b.state.map((t) => [...t.values])).toEqual(a.state.map((t) => [...t.values]));
  });

  test("dropout draws anew each step, the same for the same step and seed", () => {
    const make = (): TrainStep<Pair> =>
      trainStep({
        model: sequential(linear(3, 1), dropout(0.5)),
        loss: mse,
        optimizer: sgd({ lr: 1e-12 }),
        batch: { x: [4, 3], y: [4, 1] },
        backend,
      });
    const [a, b] = [make(), make()];
    const run = (s: TrainStep<Pair>): number[] => Array.from({ length: 8 }, () => s({ x, y }).loss);
    const losses = run(a);
    expect(new Set(losses).size).toBeGreaterThan(3);
    expect(run(b)).toEqual(losses);
  });

  test("validation uses the running statistics of batch norm and trains nothing", () => {
    const model = sequential(linear(3, 2), batchNorm(2), linear(2, 1));
    const optimizer = sgd({ lr: 0.01 });
    const batch = { x: [4, 3], y: [4, 1] };
    const step = trainStep({ model, loss: mse, optimizer, batch, dtype: "float64", backend });
    for (let k = 0; k < 3; k++) step({ x, y });
    const evaluate = evalStep({
      model,
      optimizer,
      measures: { loss: mse },
      batch,
      dtype: "float64",
      backend,
    });
    evaluate.load(step.state);
    evaluate.inputs["x"]!.set(x);
    evaluate.inputs["y"]!.set(y);
    const before = step.state.map((t) => [...t.values]);
    const { loss } = { ...evaluate.run() } as { loss: number };
    expect(evaluate.run()["loss"]).toBe(loss);
    expect(loss).not.toBe(step.result.loss);
    expect(step.state.map((t) => [...t.values])).toEqual(before);
  });
});

test("both backends give the same losses to 1e-12 relative in float64", () => {
  const [a, b] = [toy(reference), toy(wasm)];
  for (let k = 0; k < 20; k++) {
    const [p, q] = [a({ x, y }).loss, b({ x, y }).loss];
    expect(Math.abs(p - q)).toBeLessThan(1e-12 * p);
  }
});

test("running a hundred thousand steps keeps the heap where it was", () => {
  const step = toy(wasm);
  step.inputs["x"]!.set(x);
  step.inputs["y"]!.set(y);
  for (let k = 1; k <= 1000; k++) step.run(k, 0.01);
  const before = process.memoryUsage();
  for (let k = 1001; k <= 101_000; k++) step.run(k, 0.01);
  const after = process.memoryUsage();
  // measured losses are numbers on the heap: a young-generation's worth at most, far below 100,000 records
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1 << 20);
  expect(after.heapTotal - before.heapTotal).toBeLessThan(16 << 20);
});

test("a loss that is no scalar and a batch without x are refused", () => {
  const options = { model: sequential(linear(3, 1)), optimizer: sgd(), backend: reference };
  expect(() => trainStep({ ...options, loss: (output) => output, batch: { x: [4, 3] } })).toThrow(
    /a loss is one number, but this one has shape \[4, 1\]/,
  );
  // @ts-expect-error: the loss asks for an x that the batch does not have
  expect(() => trainStep({ ...options, loss: mse, batch: { y: [4, 1] } })).toThrow(/the batch has no x/);
  const step = trainStep({ ...options, loss: mse, batch: { x: [4, 3], y: [4, 1] } });
  expect(() => step({ x: [1, 2], y })).toThrow(/the batch's x is \[4, 3\], got 2 values/);
});
