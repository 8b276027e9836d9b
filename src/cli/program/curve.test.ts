import { expect, test } from "vitest";
import { scaleOf, scoreOf, stepsToScore } from "./curve.ts";

test("steps to a goal are the first at which the score is there", () => {
  const losses = Array.from({ length: 300 }, (_, k) => 10 / (1 + k / 20) + 0.3 * Math.sin(5 * k));
  const curve = { steps: losses.map((_, k) => 7 * k + 3), losses };
  const scale = scaleOf(curve, "step");
  for (const goal of [4, 3, 1]) {
    const steps = stepsToScore(curve, scale, goal)!;
    expect(scoreOf(curve, scale, steps, 10)).toBeLessThanOrEqual(goal);
    expect(scoreOf(curve, scale, steps - 7, 10)).toBeGreaterThan(goal);
  }
  expect(stepsToScore(curve, scale, 0.1)).toBeNull();
  // one lucky point at the beginning is no arrival
  expect(stepsToScore({ ...curve, losses: [0, ...losses.slice(1)] }, scale, 3)).toBe(
    stepsToScore(curve, scale, 3),
  );
});

test("a loss that is not finite is never at the goal", () => {
  const curve = { steps: [1, 2, 3, 4], losses: [Number.NaN, 1, 1, 1] };
  expect(stepsToScore(curve, scaleOf(curve, "step"), 2)).toBeNull();
});
