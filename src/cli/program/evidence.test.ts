import { describe, expect, test } from "vitest";
import { distanceBelow } from "./evidence.ts";

describe("distance below", () => {
  test("of ranks, as SciPy 1.17's mannwhitneyu(alternative='greater', method='asymptotic', use_continuity=False)", () => {
    // p = 0.110335681, whose normal deviate is
    expect(distanceBelow([3, 5, 8, 9], [1, 2, 4, 6, 7], 1e9)).toBeCloseTo(1.2247449, 6);
  });

  test("squares of noise that has become a hundredth are told apart, though the means are not", () => {
    const before = [0.02, 0.1, 9, 0.3, 0.01, 4, 1.2, 0.6, 0.05, 2.2, 0.4, 0.9];
    const after = before.map((x) => x / 400);
    expect((1.57 - 0.004) / (3.5 * Math.sqrt(2 / 12))).toBeLessThan(1.2);
    expect(distanceBelow(before, after, 3.5)).toBeGreaterThan(3.5);
  });

  test("nothing is told from equal losses, and not from four and four", () => {
    expect(distanceBelow([1, 1, 1], [1, 1, 1], 0)).toBe(0);
    expect(distanceBelow([5, 6, 7, 8], [1, 2, 3, 4], 1e9)).toBeLessThan(3.5);
  });
});
