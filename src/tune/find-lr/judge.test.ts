import { describe, expect, test } from "vitest";
import { checkRate, chooseRate, refuseSweeps, valleys } from "./judge.ts";
import type { Sweep, SweepMarks } from "./range-test.ts";
import { type ShortRun, stretchOf } from "./short-runs.ts";

const marks = (smoothed: readonly number[], more: Partial<SweepMarks> = {}): SweepMarks => ({
  smoothed,
  start: smoothed[0]!,
  least: Math.min(...smoothed),
  noise: 0,
  fell: true,
  lrMin: 0.1,
  lrRise: 1,
  lrDiverged: 2,
  ...more,
});
const sweep: Sweep = {
  seed: 1,
  lrs: Array.from({ length: 100 }, (_, i) => 1e-4 * 1.1 ** i),
  losses: Array.from({ length: 100 }, () => 1),
  stopped: "diverged",
};

describe("valleys", () => {
  test.each([
    { title: "one", curve: [10, 8, 4, 1, 1, 4, 20], count: 1 },
    { title: "one with a ripple", curve: [10, 5, 3, 5, 2, 1, 4, 20], count: 1 },
    { title: "two", curve: [10, 4, 2, 1, 8, 9, 3, 1.5, 20], count: 2 },
    { title: "a later fall that stays above half the gain is none", curve: [10, 4, 1, 90, 40, 9, 9], count: 1 },
  ])("$title", ({ curve, count }) => expect(valleys(marks(curve))).toBe(count)); // biome-ignore format: a table

  test("several refuse when most seeds have them", () => {
    const two = marks([10, 4, 2, 1, 8, 9, 3, 1.5, 20]);
    const one = marks([10, 8, 4, 1, 1, 4, 20]);
    const sweeps = [sweep, sweep, sweep];
    expect(refuseSweeps(sweeps, [two, two, one], 10)!.refusal).toBe("several-valleys");
    expect(refuseSweeps(sweeps, [two, one, one], 10)).toBeNull();
  });
});

describe("the stretch of good rates", () => {
  // gain 10 − 1: within a tenth of it is below 1.9
  const runs = (losses: readonly number[], from = 1): ShortRun[] =>
    losses.map((loss, i) => ({ lr: from * 2 ** i, losses: [loss] }));

  test("ends where a line between neighbours, in log lr, crosses the level", () => {
    const { low, high, best, least } = stretchOf(runs([5, 2.8, 1, 1.5, 2.3, 400]), 0, 10);
    expect([best, least]).toEqual([4, 1]);
    expect(low).toBeCloseTo(4 / 2 ** 0.5, 12);
    expect(high).toBeCloseTo(8 * 2 ** 0.5, 12);
  });

  test("has no end where no rate is too low, or none too high; a diverged run counts as the start", () => {
    expect(stretchOf(runs([1, 1.1, 1.2]), 0, 10)).toMatchObject({ low: null, high: null });
    expect(stretchOf(runs([1, Number.POSITIVE_INFINITY]), 0, 10).high).toBeCloseTo(2 ** 0.1, 12);
  });

  const found = (high: number, options = { steps: 50, totalSteps: 50 }, rise = 1e9): number => {
    const outcome = chooseRate(
      runs([10, 1, 1, 1, 1, 1, 1, 10], high / 2 ** 6.1),
      [marks([10, 1], { lrRise: rise })],
      options,
    );
    if ("refusal" in outcome) throw new Error(outcome.reason);
    return outcome.rate;
  };

  test("gives its middle, lower for a longer run, within a tenth and a half of its end and below the sweep's rise", () => {
    // the stretch is from 2^0.9 to 2^6.1 of the lowest rate: its middle is at 2^3.5
    expect(found(1)).toBeCloseTo(2 ** (3.5 - 6.1), 10);
    expect(found(1, { steps: 50, totalSteps: 75 })).toBeCloseTo(2 ** (3.5 - 6.1) / 1.5 ** 0.2, 10);
    expect(found(1, { steps: 50, totalSteps: 1e9 })).toBeCloseTo(0.1, 10);
    expect(found(1, { steps: 50, totalSteps: 50 }, 0.12)).toBeCloseTo(0.12, 10);
  });

  test("refuses when seeds disagree by more than ten, and when nothing gets worse", () => {
    const two = runs([10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]).map((r, i) => ({
      ...r,
      losses: [i === 0 || i > 2 ? 10 : 1, i < 9 ? 10 : 1],
    }));
    const ends = [...two, { lr: 4096, losses: [10, 10] }];
    expect(chooseRate(ends, [marks([10, 1], { lrRise: 1e9 }), marks([10, 1], { lrRise: 1e9 })], { steps: 9, totalSteps: 9 })).toMatchObject({ refusal: "seeds-disagree" }); // biome-ignore format: one call
    expect(chooseRate(runs([10, 1, 1]), [marks([10, 1])], { steps: 9, totalSteps: 9 })).toMatchObject({
      refusal: "never-diverged",
    });
  });
});

describe("confidence", () => {
  const stretch = { low: 0.01, high: 1 };
  const judged = (rates: readonly number[], limit: number | null): string =>
    checkRate({ rate: 0.1, rates, stretch }, { lrMin: 1, lrRise: 0.8, limit }).confidence;

  test("is high when all agrees, and falls with each doubt", () => {
    expect(judged([0.09, 0.11], 0.5)).toBe("high");
    expect(judged([0.09, 0.11], null)).toBe("high");
    expect(judged([0.05, 0.2], 0.5)).toBe("moderate");
    expect(judged([0.09, 0.11], 0.01)).toBe("moderate");
    expect(judged([0.05, 0.2], 0.01)).toBe("low");
    expect(judged([0.1], 0.5)).toBe("moderate");
  });
});
