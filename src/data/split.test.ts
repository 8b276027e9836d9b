import { describe, expect, test } from "vitest";
import { type Dataset, packed, type Samples, type Target } from "./dataset.ts";
import { proportionalShares, splitRows } from "./split.ts";
import { spreads, standardize } from "./standardize.ts";

/** Row i holds [i, −i]; its class is given. */
function samples(classes: readonly number[]): Samples {
  const n = classes.length;
  return {
    features: packed(
      Float64Array.from({ length: 2 * n }, (_, k) => (k % 2 ? -(k - 1) / 2 : k / 2)),
      [n, 2],
    ),
    target: { ...packed(Int32Array.from(classes), [n]), kind: "class" },
  };
}

test("a split is stratified, complete, in order, and keeps rows with their labels", () => {
  const classes = Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? 1 : 0));
  const { train, held } = splitRows(samples(classes), 0.2, 3);
  expect(train.features.shape).toEqual([80, 2]);
  expect(held.features.shape).toEqual([20, 2]);
  expect(held.target.data.filter((y) => y === 1)).toHaveLength(2);
  const rows = (part: Samples): number[] => [...part.features.data].filter((_, k) => k % 2 === 0);
  for (const part of [train, held]) {
    const own = rows(part);
    expect(own).toEqual([...own].sort((a, b) => a - b));
    expect([...part.features.data].filter((_, k) => k % 2 === 1)).toEqual(own.map((r) => -r));
    expect([...part.target.data]).toEqual(own.map((r) => classes[r]));
  }
  expect([...rows(train), ...rows(held)].sort((a, b) => a - b)).toEqual(classes.map((_, i) => i));
});

test("the seed chooses the rows", () => {
  const classes = new Array(50).fill(0);
  const chosen = (seed: number): string => splitRows(samples(classes), 0.1, seed).held.features.data.join();
  expect(chosen(1)).toBe(chosen(1));
  expect(chosen(1)).not.toBe(chosen(2));
});

test("numeric targets are split too, several values to a row", () => {
  const target: Target = {
    ...packed(
      Float64Array.from({ length: 30 }, (_, k) => Math.floor(k / 3)),
      [10, 3],
    ),
    kind: "number",
  };
  const { train, held } = splitRows({ features: samples(new Array(10).fill(0)).features, target }, 0.3, 1);
  expect(train.target.shape).toEqual([7, 3]);
  expect([...held.target.data]).toEqual(
    [...held.features.data].filter((_, k) => k % 2 === 0).flatMap((r) => [r, r, r]),
  );
});

test.each([
  [[1, 1, 1], 2, [1, 1, 0]],
  [[10, 0, 30], 4, [1, 0, 3]],
  [[863, 1127], 398, [173, 225]],
])("shares of %j for %i are %j", (sizes, total, wanted) => {
  expect(proportionalShares(sizes, total)).toEqual(wanted);
});

describe("refuses", () => {
  test.each([1, -0.1, Number.NaN])("a fraction of %d", (fraction) => {
    expect(() => splitRows(samples([0, 1]), fraction, 0)).toThrow(
      expect.objectContaining({ id: "validation" }),
    );
  });
  test("a single row", () => {
    expect(() => splitRows(samples([0]), 0.5, 0)).toThrow(expect.objectContaining({ id: "validation" }));
  });
});

test("the columns of numbers that spread most and least are found, words and constants aside", () => {
  const dataset: Dataset = {
    name: "t",
    features: packed(Float64Array.of(0, 1, 3, 0.2, 600, 0, 3, 0.4), [2, 4]),
    target: { ...packed(Int32Array.of(0, 1), [2]), kind: "class" },
    featureNames: ["wide", "word", "constant", "narrow"],
    categorical: [false, true, false, false],
  };
  // population deviations 300 and 0.1 by hand
  expect(spreads(dataset)).toEqual({ widest: "wide", narrowest: "narrow", ratio: expect.closeTo(3000, 9) });
  expect(spreads(standardize(dataset))).toBeNull();
});

test("standardising uses the training part alone, spares one-hot and constant columns, and records what it did", () => {
  const part = (values: number[]): Samples => ({
    features: packed(Float64Array.from(values), [values.length / 3, 3]),
    target: { ...packed(Int32Array.of(0, 1), [2]), kind: "class" },
  });
  const dataset: Dataset = {
    name: "t",
    ...part([1e9 + 1, 1, 7.3, 1e9 + 5, 0, 7.3]),
    categorical: [false, true, false],
    test: part([1e9 + 7, 1, 8.3, 1e9 + 3, 0, 7.3]),
  };
  const { features, test: held, scaling } = standardize(dataset);
  // Mean 1e9 + 3 and population deviation 2 by hand.
  expect([...features.data]).toEqual([-1, 1, 0, 1, 0, 0]);
  expect([...held!.features.data]).toEqual([2, 1, expect.closeTo(1, 12), 0, 0, 0]);
  expect([...scaling!.mean]).toEqual([1e9 + 3, 0, 7.3]);
  expect([...scaling!.std]).toEqual([2, 1, 1]);
});
