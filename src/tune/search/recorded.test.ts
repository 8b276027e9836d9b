/** Recorded trainings whose best rate is known by formula. */
import { expect, test } from "vitest";
import { judgeRecorded, type Recorded, type RecordedOptions } from "./recorded.ts";

const LENGTH = 80;
const options: RecordedOptions = {
  first: 0.01,
  length: LENGTH,
  lowest: 1e-8,
  highest: 100,
  reference: new Map(Array.from({ length: LENGTH }, (_, k) => [k + 1, 1] as const)),
};

/** Noisy descent on ½x² and ½·0.02·y²: the rate that dies is 2. */
function training(rate: number, seed: number, steps: number, noise = 0): Recorded {
  const losses: number[] = [];
  for (let k = 1; k <= steps; k++) {
    const shift = noise * Math.sin(1000 * rate + 17 * k + 5 * seed);
    losses.push((1 - rate) ** (2 * k) / 2 + (1 - 0.02 * rate) ** (2 * k) / 2 + shift);
  }
  return { rate, seed, losses };
}
const place = (k: number): number => Number((0.01 * 2 ** k).toPrecision(6));

test("compared where the best lies between two others, with other seeds", async () => {
  const recorded = [
    ...[0, 2, 4].map((k) => training(place(k), 0, 10)),
    ...[5, 6, 7].map((k) => training(place(k), 0, LENGTH)),
    training(place(8), 0, 40), // dies
    training(place(7), 1, LENGTH),
    training(place(6), 1, LENGTH),
  ];
  const { result, trainings } = (await judgeRecorded(recorded, options))!;
  expect(result.steps).toBe(LENGTH);
  expect(result.rate).toBe(place(7));
  expect(result.edge).toBe(place(8));
  expect(result.fragile).toBe(false);
  expect(result.interval![0]).toBeLessThan(place(7));
  expect(trainings.map((t) => t.lost)).toEqual([...Array(6).fill(false), true, false, false]);
  expect(trainings.filter((t) => t.score !== null)).toHaveLength(5);
});

test("a stage at which the best has only one neighbour is passed over", async () => {
  const recorded = [3, 4, 5, 6, 7].map((k) => training(place(k), 0, k === 6 || k === 7 ? LENGTH : 40));
  const { result } = (await judgeRecorded(recorded, { ...options, highest: 10 }))!;
  // at 80 steps the best, the seventh, has no upper neighbour; nor at 40
  expect(result.steps).toBe(40);
  const bounded = (await judgeRecorded(recorded, { ...options, highest: 2 }))!;
  expect(bounded.result.steps).toBe(LENGTH);
});

test("no rate where nothing is learnt by more than the noise, and none where all die", async () => {
  const still = (k: number, seed: number): Recorded => ({
    ...training(place(k), seed, LENGTH),
    losses: Array.from(
      { length: LENGTH },
      (_, i) => 1 + 0.1 * Math.sin(900 * place(k) + 0.02 * i + 9 * seed),
    ),
  });
  const recorded = [0, 1, 2, 3].flatMap((k) => [still(k, 0), still(k, 1), still(k, 2)]);
  expect((await judgeRecorded(recorded, options))!.result.rate).toBeNull();
  const dead = [8, 9].map((k) => training(place(k), 0, 40));
  const { result } = (await judgeRecorded(dead, options))!;
  expect([result.rate, result.edge]).toEqual([null, place(8)]);
  expect(await judgeRecorded([], options)).toBeNull();
});
