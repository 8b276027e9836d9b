import { expect, test } from "vitest";
import { learningRate, learningRateFromSpec } from "./learning-rate.ts";

test("a rate of the step alone ignores what is observed and has nothing to keep", () => {
  const rate = learningRateFromSpec({ name: "step", stepSize: 10, gamma: 0.5 }, 1, { totalSteps: 30 });
  expect([rate.lrAt(0), rate.lrAt(10), rate.followsMetric, rate.setsMomentum]).toEqual([
    1,
    0.5,
    false,
    false,
  ]);
  rate.observe(7);
  expect(rate.lrAt(0)).toBe(1);
  expect(rate.state()).toBeNull();
});

test("a rate that follows a metric goes on from its saved state, whichever step is asked", () => {
  const spec = { name: "reduce-on-plateau", patience: 0, factor: 0.5 };
  const [one, other] = [learningRateFromSpec(spec, 1), learningRateFromSpec(spec, 1)];
  one.observe(1);
  one.observe(2);
  expect([one.followsMetric, one.lrAt(0), one.lrAt(99)]).toEqual([true, 0.5, 0.5]);
  other.restore(one.state());
  one.observe(2);
  other.observe(2);
  expect(other.lrAt(0)).toBe(one.lrAt(0));
});

test("momentum comes from schedules that cycle it", () => {
  const rate = learningRateFromSpec({ name: "one-cycle" }, 1, { totalSteps: 100 });
  expect(rate.setsMomentum).toBe(true);
  expect(rate.momentumAt(0)).toBeGreaterThan(rate.momentumAt(30)!);
  expect(learningRate(() => 1).momentumAt(0)).toBeUndefined();
});
