import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchPlan } from "./batches.ts";
import { packed, type Rows } from "./dataset.ts";

const column = (n: number): Rows =>
  packed(
    Int32Array.from({ length: n }, (_, i) => i),
    [n],
  );
const matrix = (n: number, width: number): Rows =>
  packed(
    Float32Array.from({ length: n * width }, (_, i) => i),
    [n, width],
  );

test("every epoch is a permutation of the rows, whatever n, size and seed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 60 }),
      fc.nat(),
      (n, size, seed) => {
        fc.pre(size <= n);
        const plan = batchPlan({ n, batchSize: size, seed });
        for (const epoch of [0, 3]) {
          const rows: number[] = [];
          for (let s = 0; s < plan.stepsPerEpoch; s++)
            rows.push(...plan.rowsOf(epoch * plan.stepsPerEpoch + s));
          expect(rows.sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        }
      },
    ),
  );
});

test("a step's batch does not depend on what was asked before", () => {
  const options = { n: 103, batchSize: 10, seed: 5 };
  const forward = batchPlan(options);
  const inTurn = Array.from({ length: 60 }, (_, s) => [...forward.rowsOf(s)]);
  const jumping = batchPlan(options);
  for (const s of [59, 0, 31, 30, 12, 59, 11]) expect([...jumping.rowsOf(s)]).toEqual(inTurn[s]);
});

test("epochs and seeds differ in order; without shuffle rows stay in order", () => {
  const epoch = (seed: number, e: number): string =>
    batchPlan({ n: 100, batchSize: 50, seed })
      .rowsOf(2 * e)
      .join();
  expect(new Set([epoch(1, 0), epoch(1, 1), epoch(2, 0)]).size).toBe(3);
  expect([...batchPlan({ n: 5, batchSize: 2, shuffle: false }).rowsOf(4)]).toEqual([2, 3]);
});

describe("the last partial batch", () => {
  test("is kept", () => {
    const plan = batchPlan({ n: 10, batchSize: 4 });
    expect(plan.stepsPerEpoch).toBe(3);
    expect([0, 1, 2, 3, 5].map((s) => plan.sizeOf(s))).toEqual([4, 4, 2, 4, 2]);
    expect(plan.epochOf(5)).toBe(1);
  });
  test("is dropped", () => {
    const plan = batchPlan({ n: 10, batchSize: 4, dropLast: true });
    expect(plan.stepsPerEpoch).toBe(2);
    expect([0, 1, 2, 3].map((s) => plan.sizeOf(s))).toEqual([4, 4, 4, 4]);
  });
});

describe("fill copies the rows that rowsOf names", () => {
  test.each([3, 40])("rows of %i values", (width) => {
    const n = 50;
    const plan = batchPlan({ n, batchSize: 8, seed: 1 });
    const x = new Float32Array(8 * width).fill(-1);
    const y = new Float64Array(8).fill(-1);
    for (let step = 0; step < 2 * plan.stepsPerEpoch; step++) {
      const count = plan.fill(step, matrix(n, width), column(n), x, y);
      const rows = [...plan.rowsOf(step)];
      expect(count).toBe(rows.length);
      expect([...y.subarray(0, count)]).toEqual(rows);
      const wanted = rows.flatMap((r) => Array.from({ length: width }, (_, j) => r * width + j));
      expect([...x.subarray(0, count * width)]).toEqual(wanted);
    }
  });
  test("a full batch keeps the order; overlapping rows come out whole; the target may be left out", () => {
    const overlapping: Rows = { data: Int32Array.from([0, 1, 2, 3, 4]), shape: [3, 3], rowStride: 1 };
    const x = new Int32Array(9);
    const plan = batchPlan({ n: 3, batchSize: "full", seed: 1 });
    expect(plan.stepsPerEpoch).toBe(1);
    expect(plan.fill(7, overlapping, column(3), x, null)).toBe(3);
    expect([...x]).toEqual([0, 1, 2, 1, 2, 3, 2, 3, 4]);
  });
});

test.each([
  [0, "whole number"],
  [-1, "whole number"],
  [2.5, "whole number"],
  [Number.NaN, "whole number"],
  [11, "a batch of 11 rows is larger than the data, which has 10"],
])("refuses a batch of %d rows", (batchSize, message) => {
  expect(() => batchPlan({ n: 10, batchSize })).toThrow(
    expect.objectContaining({ id: "batch-size", message: expect.stringContaining(message) }),
  );
});
