import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { stream } from "../random/index.ts";
import { type NoiseScale, type NoiseScaleOptions, noiseScale } from "./noise-scale.ts";

/** Rows' gradients with their exact |G|² and tr(Σ) by NumPy: test/golden/make_curvature.py. */
const { noise: golden } = JSON.parse(
  readFileSync(new URL("../../test/golden/curvature.json", import.meta.url), "utf8"),
) as { noise: { gradients: number[][]; gradientSquared: number; trace: number } };

function drawFrom(rows: readonly (readonly number[])[], batchSize: number, seed: number): NoiseScaleOptions {
  const random = stream(seed, "noise");
  const size = rows[0]!.length;
  return {
    size,
    batchSize,
    draw: (out) => {
      out.fill(0);
      for (const i of random.integers(batchSize, 0, rows.length))
        for (let j = 0; j < size; j++) out[j]! += rows[i]![j]! / batchSize;
    },
  };
}
const seeds = Array.from({ length: 60 }, (_, i) => i);
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const many = (batchSize: number, of = golden.gradients): Promise<NoiseScale[]> =>
  Promise.all(
    seeds.map((seed) => noiseScale({ ...drawFrom(of, batchSize, seed), minBatches: 64, maxBatches: 64 })),
  );

test.each([1, 4, 16])(
  "batches of %i: both moments are unbiased, the interval covers the truth",
  async (batchSize) => {
    const found = await many(batchSize);
    const off = (pick: (n: NoiseScale) => number, truth: number): number => {
      const values = found.map(pick);
      const m = mean(values);
      const error = Math.sqrt(mean(values.map((v) => (v - m) ** 2)) / (values.length - 1));
      return Math.abs(m - truth) / error;
    };
    expect(off((n) => n.gradientSquared, golden.gradientSquared)).toBeLessThan(3);
    expect(off((n) => n.trace, golden.trace)).toBeLessThan(3);
    const truth = golden.trace / golden.gradientSquared;
    const covered = found.filter(
      ({ interval: [low, high] }) => low <= truth && truth <= (high ?? Infinity),
    ).length;
    expect(covered).toBeGreaterThanOrEqual(52); // of 60; 57 expected
  },
);

test("the standard error is about the spread over seeds", async () => {
  const found = await many(16);
  const rows = found.map((n) => n.rows!);
  const spread = Math.sqrt(mean(rows.map((r) => (r - mean(rows)) ** 2)));
  expect(mean(found.map((n) => n.standardError!)) / spread).toBeGreaterThan(0.7);
  expect(mean(found.map((n) => n.standardError!)) / spread).toBeLessThan(1.5);
});

test("a gradient lost in noise gets a lower bound, not a number made up", async () => {
  const centred = golden.gradients.map((g) => g.map((x, j) => x - mean(golden.gradients.map((r) => r[j]!))));
  const found = await many(4, centred);
  expect(found.filter((n) => n.rows === null).length).toBeGreaterThan(15);
  for (const n of found) expect(n.standardError === null).toBe(n.rows === null);
  expect(found.filter((n) => n.interval[1] === null).length).toBeGreaterThan(50);
});

test("rows that agree have no noise; a gradient of zero has no scale", async () => {
  const agree = await noiseScale(
    drawFrom(
      [
        [3, 4],
        [3, 4],
      ],
      2,
      0,
    ),
  );
  expect([agree.rows, agree.trace, agree.batches]).toEqual([0, 0, 32]);
  const none = await noiseScale({ ...drawFrom([[0, 0]], 1, 0), maxBatches: 32 });
  expect(none.rows).toBeNull();
});

test("goes on until it is precise, and not beyond", async () => {
  const loose = await noiseScale({ ...drawFrom(golden.gradients, 4, 1), relativeError: 1 });
  const strict = await noiseScale({
    ...drawFrom(golden.gradients, 4, 1),
    relativeError: 1e-6,
    maxBatches: 96,
  });
  expect([loose.batches, strict.batches]).toEqual([32, 96]);
  await expect(noiseScale({ ...drawFrom(golden.gradients, 0, 1) })).rejects.toMatchObject({ id: "option" });
});
