/** A budget of trainings: what is asked for stays within it. */
import { describe, expect, test } from "vitest";
import { parseRun } from "../../run/parse-run.ts";
import type { RunSpec } from "../../run/spec.ts";
import { adviceOf } from "../advise/advise-run.ts";
import { allocate, allocated, MIN_TRAININGS } from "./allocation.ts";
import type { Cell } from "./cell.ts";
import { compare } from "./compare.ts";
import { parseContestants } from "./contestants.ts";
import { costOf } from "./cost.ts";
import { halvingCost } from "./halving.ts";
import type { RateQuestion, RateSearch } from "./rate-search.ts";
import { FAR_RATES, nextRates } from "./rates.ts";

describe.each([2, 4, 16])("for %d optimizers a budget", (optimizers) => {
  test.each([8, 10, 14, 20, 30, 100])("of %d trainings each is not exceeded by what is asked for", (each) => {
    for (const wide of [false, true]) {
      const budget = each * optimizers;
      const found = allocate(budget, optimizers, { wide });
      const { search, rates, arms, fresh } = found;
      const far = found.wide ? FAR_RATES : 0;
      // the untrained losses that a search needs cost half a training at most
      const cost = optimizers * (search + 0.5 + rates + far + fresh) + halvingCost(arms);
      expect(cost).toBeLessThanOrEqual(budget);
      expect(cost).toBeGreaterThan(0.8 * budget);
      expect(arms).not.toBe(1);
      expect(found.wide).toBe(wide && each >= 20);
    }
  });
  test("that is too small is refused", () => {
    const fewest = optimizers * MIN_TRAININGS;
    expect(() => allocate(fewest - 1, optimizers)).toThrow(`${fewest - 1} trainings are too few to compare`);
  });
});

test("bounds the rates of whole trainings, also where the best stands at their end", () => {
  const { plan } = allocated(allocate(16, 2));
  const whole = [1, 2, 4].map((lr) => ({ lr, final: lr, first: lr, complete: true }));
  const search = { alive: true, rate: 2 } as Parameters<typeof nextRates>[2];
  expect(nextRates([], plan, search).map((r) => r.lr)).toEqual([1, 2, 4]);
  expect(nextRates(whole, plan, search)).toEqual([]);
});

const lesson = parseRun({
  data: { source: "lesson-logistic" },
  model: { kind: "linear" },
  optimizer: "adam",
});
/** A hundred steps; the best rate is 0.1 for one optimizer and 0.01 for the other, which is slower throughout. */
const trained = ({ optimizer, seed }: RunSpec): Cell => {
  const away = Math.log2(Number(optimizer.lr) / (optimizer.name === "sgd" ? 0.01 : 0.1)) ** 2;
  const half = (optimizer.name === "sgd" ? 30 : 20) + away + (seed % 3);
  const course = { start: 10, final: 1 + away / 10, best: 1, bestStep: 100 };
  return { optimizer, seed, status: "ok", steps: 100, training: course, validation: null, lows: [[0, 10], [half, 5], [100, 1]], seconds: 1 }; // biome-ignore format: short
};

test("a comparison within a budget keeps to it, and costs less than the grid of its rates and seeds", async () => {
  const contestants = parseContestants("sgd,adam", { name: "lion" });
  const question = { run: lesson, contestants, seeds: [1], target: 5 };
  const found = (await compare(
    { ...question, ...allocated(allocate(60, 2, { wide: true }), [1e-6, 10]) },
    {
      runCell: async (run) => trained(run),
      // an octave off
      searchRate: async (_, asked) => {
        const rate = asked.optimizer.name === "sgd" ? 0.02 : 0.05;
        return { ...asked, rate, alive: true, refusal: null, reason: "", tried: [1e-4, 3.2768], edge: 6.5536, cost: 2 }; // biome-ignore format: short
      },
    },
  ))!;
  const { trainings, grid } = costOf(found);
  expect(trainings).toBeLessThanOrEqual(60);
  expect(trainings).toBeGreaterThan(35);
  // sixteen rates each, one seed and those of halving, and the same race
  expect(grid).toBe(2 * 16 * (1 + found.halved!.seeds) + found.race!.trainings);
  expect(found.halved).toMatchObject({ winner: "adam", by: "steps" });
  expect(found.contestants.map((c) => [c.label, c.toTarget!.lr])).toEqual([["sgd", 0.01], ["adam", 0.1]]); // biome-ignore format: pairs
  // rates far from the best were tried, so that the sensitivity covers its range; the edge is the search's
  expect(found.contestants.map((c) => c.sensitivity!.cut)).toEqual([false, false]);
  expect(found.contestants.map((c) => c.divergesFrom)).toEqual([6.5536, 6.5536]);
});

test("where nobody reaches the target with the first seed, further seeds choose by the final loss", async () => {
  const contestants = parseContestants("sgd,adam", { name: "lion" });
  // with the first seed sgd ends lower, with all others adam does
  const final = { sgd: [1, 4], adam: [2, 3] } as const;
  const runCell = async (run: RunSpec): Promise<Cell> => {
    const ends = final[run.optimizer.name as "sgd"][run.seed === 1 ? 0 : 1];
    return { ...trained(run), training: { start: 10, final: ends, best: ends, bestStep: 100 }, lows: [[0, 10], [100, ends]] }; // biome-ignore format: short
  };
  const question = { run: lesson, contestants, seeds: [1], target: 0.1, ...allocated(allocate(60, 2)) };
  const searchRate = async (_: RunSpec, asked: RateQuestion): Promise<RateSearch> => ({ ...asked, rate: 0.1, alive: true, refusal: null, reason: "", tried: [0.01, 1], edge: null, cost: 2 }); // biome-ignore format: short
  const found = (await compare(question, { runCell, searchRate }))!;
  expect(found.halved).toMatchObject({ winner: "adam", by: "loss" });
  expect(found.race).toBeNull();
  const { optimizer, sentence } = adviceOf(found, question);
  expect(optimizer).toMatchObject({ name: "adam", lr: found.halved!.rates.get("adam") });
  expect(sentence).toContain(
    "with the first seed nobody reached 0.1, so the loss after the whole run decided",
  );
});
