/** Counts by hand, and that every row can be counted. */
import { expect, test } from "vitest";
import { findOptimizer, optimizers } from "../../optim/index.ts";
import { optimizerCost } from "./optimizer-cost.ts";

const of = (name: string): ReturnType<typeof optimizerCost> => optimizerCost(findOptimizer(name));

test.each([
  // numbers a weight of a 256 × 256 matrix, of a vector: by the papers
  ["sgd", 0, 0],
  ["adam", 2, 2],
  ["lion", 1, 1],
  // one moment for matrices; two for vectors, which go to AdamW
  ["muon", 1, 2],
  // m, v, and for each side its average and its eigenvectors, 256² numbers each
  ["soap", 2 + 4, 2],
] as const)("%s keeps %d numbers a weight of a matrix and %d of a vector", (name, matrix, vector) => {
  const cost = of(name);
  // counters are a few numbers beside 256
  expect(cost.matrix.state).toBeCloseTo(matrix, 2);
  expect(Math.abs(cost.vector.state - vector)).toBeLessThan(0.05);
});

test("plain sgd multiplies and subtracts; muon's products by hand", () => {
  const sgd = of("sgd").matrix.operations;
  expect([sgd.matmul, sgd.renewal]).toEqual([0, 0]);
  // a few numbers beside 256²
  expect(sgd.total).toBeCloseTo(2, 3);
  // five Newton–Schulz steps of three products of [256, 256] matrices, a multiply-add is two: 5 · 3 · 2 · 256 a weight
  expect(of("muon").matrix.operations.matmul).toBe(5 * 3 * 2 * 256);
  expect(of("adam").matrix.operations.renewal).toBe(0);
  // both sides' eigenvectors at the first, a step of the power iteration later, as both are in the program
  expect(of("soap").matrix.operations.renewal).toBeGreaterThan(2 * (2 + 8 / 3) * 256);
});

test("every row can be counted", () => {
  for (const row of optimizers) {
    const { matrix, vector } = optimizerCost(row);
    expect(Number.isFinite(matrix.operations.total + vector.operations.total), row.name).toBe(true);
    expect(matrix.state, row.name).toBeGreaterThanOrEqual(0);
  }
});
