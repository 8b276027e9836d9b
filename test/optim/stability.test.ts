/**
 * Limits on the preconditioned Hessian, measured: with ε = 1 and weights near 1e-60 the preconditioner stays at P = 1, so
 * that an adaptive optimizer is linear and its limit can be crossed by one percent.
 */
import { expect, test } from "vitest";
import { wasm } from "../../src/engine/backends/wasm.ts";
import { mul, square, sum } from "../../src/engine/graph/index.ts";
import { findOptimizer, optimizers } from "../../src/optim/index.ts";
import { makeTrainer } from "./program.ts";

const cases: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ["adam", { eps: 1 }],
  ["adam", { eps: 1, betas: [0.5, 0.99] }],
  ["adam", { eps: 1, amsgrad: true }],
  ["adam", { eps: 1, biasCorrection: false }],
  ["adamw", { eps: 1, weightDecay: 0 }],
  ["amsgrad", { eps: 1 }],
  ["nadam", { eps: 1, momentumDecay: 1 }],
  ["radam", { eps: 1, betas: [0.9, 0.9] }],
  ["sparse-adam", { eps: 1, betas: [0.9, 0.9] }],
  ["adabelief", { eps: 1 }],
  ["yogi", { eps: 1, initialAccumulatorValue: 0 }],
  ["adopt", { eps: 1 }],
  ["rmsprop", { eps: 1 }],
  ["rmsprop", { eps: 1, momentum: 0.9 }],
  ["adagrad", { eps: 1 }],
];
const SHARPNESS = 7;
const START = 1e-60;

test("every row with a preconditioner is measured", () => {
  const claimed = optimizers.filter((o) => o.stabilityLimit?.preconditioner).map((o) => o.name);
  expect(claimed.filter((n) => !cases.some(([m]) => m === n))).toEqual([]);
});

test.each(cases)("%s %o: one percent below converges, one percent above diverges", (name, options) => {
  const entry = findOptimizer(name);
  const all = { ...Object.fromEntries(entry.options.map((o) => [o.name, o.default])), ...options };
  const { limit, preconditioner } = entry.stabilityLimit!;
  const trainer = makeTrainer({
    backend: wasm,
    dtype: "float64",
    shapes: { x: [1] },
    start: { x: [START] },
    loss: ({ x }) => mul(SHARPNESS / 2, sum(square(x!))),
    transform: entry.make(options),
  });
  // the first steps of a bias-corrected average are longer than the settled rule: growth is measured after them
  const growth = (lr: number): number => {
    trainer.reset();
    for (let k = 0; k < 150; k++) trainer.step(lr);
    const before = Math.abs(trainer.params()["x"]![0]!);
    for (let k = 0; k < 200; k++) trainer.step(lr);
    return Math.abs(trainer.params()["x"]![0]!) / before;
  };
  const p = preconditioner!.of(all, 1e9)(0);
  expect(p).toBe(1);
  expect(growth(0.99 * limit(all, SHARPNESS / p))).toBeLessThan(0.1);
  expect(growth(1.01 * limit(all, SHARPNESS / p))).toBeGreaterThan(10);
  // P is read from a tensor that the optimizer really keeps
  const slot = preconditioner!.slot(all);
  expect(Object.keys(trainer.state()).filter((key) => key.endsWith(`.${slot}.x`))).toHaveLength(1);
});
