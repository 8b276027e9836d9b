/** Halving: who takes part, who leaves, and what it costs. */
import { expect, test } from "vitest";
import { type Arm, halve, halvingCost } from "./halving.ts";

const arm = (label: string, lr: number, steps: number): Arm => ({ label, lr, score: Math.log(steps) });
const far = Math.log(2);

test("finds the quicker optimizer and rate whose first seed had bad luck, and counts what it cost", async () => {
  const truth = new Map([["a 1", 40], ["a 2", 90], ["b 1", 50], ["b 2", 60], ["c 1", 300]]); // biome-ignore format: a table
  let ran = 0;
  const run = async ({ label, lr }: Arm, seed: number): Promise<number> => {
    ran++;
    return Math.log(truth.get(`${label} ${lr}`)! + (seed % 3));
  };
  const arms = [arm("b", 1, 45), arm("a", 1, 80), arm("a", 2, 60), arm("b", 2, 50), arm("c", 1, 300)];
  const found = (await halve(arms, { max: 8, far, run }))!;
  expect(found.winner).toBe("a");
  expect([...found.rates].sort()).toEqual([["a", 1], ["b", 1]]); // biome-ignore format: pairs
  expect(found.trainings).toBe(ran);
  expect(ran).toBe(halvingCost(4));
  expect(found.seeds).toBe(4);
});

test("gives every arm of a round the same seeds, and no seed twice", async () => {
  const seeds = new Map<string, number[]>();
  const run = async ({ label }: Arm, seed: number): Promise<number> => {
    seeds.set(label, [...(seeds.get(label) ?? []), seed]);
    return label.charCodeAt(0);
  };
  await halve(["a", "b", "c", "d", "e", "f"].map((label, i) => arm(label, 1, 10 + i)), { max: 4, far, run }); // biome-ignore format: one call
  expect(Object.fromEntries(seeds)).toEqual({ a: [0, 1, 2, 3], b: [0, 1, 2, 3], c: [0, 1], d: [0, 1] });
});

test("has nothing to choose from fewer than two that are near", async () => {
  const run = (): Promise<number> => Promise.reject(new Error("nothing to train"));
  for (const arms of [[], [arm("a", 1, 10)], [arm("a", 1, 10), arm("b", 1, 21)]])
    expect(await halve(arms, { max: 8, far, run })).toBeNull();
  expect([0, 1, 2, 3, 8].map(halvingCost)).toEqual([0, 0, 4, 10, 28]);
});
