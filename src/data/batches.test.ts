import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BatchPlan, batchPlan } from "./batches.ts";
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

describe("batches that grow", () => {
  const sizes = { sizes: [2, 4, 8], starts: [0, 3, 9] };
  const at = (plan: BatchPlan, step: number): readonly number[] => [
    plan.epochOf(step),
    plan.rowOf(step),
    plan.sizeOf(step),
  ];

  test("wait for a row that is a whole number of theirs, over ends of epochs too", () => {
    const plan = batchPlan({ n: 22, batchSize: sizes, steps: 20 });
    const seen = Array.from({ length: 13 }, (_, k) => at(plan, k));
    // written out by hand: 4 waits for row 8 and 8 for the second epoch's row 8; an epoch's last batch is what is left
    expect(seen).toEqual([
      [0, 0, 2],
      [0, 2, 2],
      [0, 4, 2],
      [0, 6, 2],
      [0, 8, 4],
      [0, 12, 4],
      [0, 16, 4],
      [0, 20, 2],
      [1, 0, 4],
      [1, 4, 4],
      [1, 8, 8],
      [1, 16, 6],
      [2, 0, 8],
    ]);
    expect([0, 1, 2, 3].map((e) => plan.stepsIn(e))).toEqual([0, 8, 12, 15]);
    expect([6, 7, 11, 12, 14].map((k) => plan.endsEpoch(k))).toEqual([false, true, true, false, true]);
    expect([plan.batchSize, plan.largest, plan.wholeSizeOf(11)]).toEqual([2, 8, 8]);
  });

  test("every epoch is a permutation, in the order that batches of one size have", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 60 }),
        fc.boolean(),
        fc.nat(40),
        fc.nat(99),
        (n, inRows, from, seed) => {
          const growing = {
            sizes: [2, 4, 8],
            starts: [0, 1 + from, 10 + 2 * from],
            unit: inRows ? ("examples" as const) : ("steps" as const),
          };
          const plan = batchPlan({ n, batchSize: growing, seed, epochs: 6 });
          const whole = batchPlan({ n, batchSize: 2, seed });
          let step = 0;
          for (let epoch = 0; epoch < 6; epoch++) {
            const rows: number[] = [];
            while (plan.epochOf(step) === epoch) rows.push(...plan.rowsOf(step++));
            const order = Array.from({ length: whole.stepsPerEpoch }, (_, k) => [
              ...whole.rowsOf(epoch * whole.stepsPerEpoch + k),
            ]).flat();
            expect(rows).toEqual(order);
          }
          expect(step).toBe(plan.stepsIn(6));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("dropLast leaves out what fills no batch, also where the size has just grown", () => {
    const plan = batchPlan({ n: 7, batchSize: { sizes: [2, 4], starts: [0, 2] }, dropLast: true, steps: 9 });
    expect([0, 1, 2, 3].map((k) => at(plan, k))).toEqual([
      [0, 0, 2],
      [0, 2, 2],
      [1, 0, 4],
      [2, 0, 4],
    ]);
  });

  test.each([
    [{ sizes: [2, 3], starts: [0, 5] }, "batchSize.sizes goes from 2 to 3"],
    [{ sizes: [2, 4], starts: [0] }, "batchSize.starts is [0]"],
    [{ sizes: [2, 4], starts: [1, 5] }, "batchSize.starts is [1,5]"],
    [{ sizes: [2, 16], starts: [0, 5] }, "a batch of 16 rows is larger than the data, which has 10"],
  ])("refuses %j", (batchSize, message) => {
    expect(() => batchPlan({ n: 10, batchSize, steps: 10 })).toThrow(message);
  });
});
