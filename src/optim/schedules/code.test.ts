/** Code for other libraries says what our schedule does: read back, it gives the same rates. */
import { describe, expect, test } from "vitest";
import { scheduleCode } from "./code.ts";
import { isMetricSchedule, makeSchedule, schedules } from "./index.ts";

const run = { lr: 0.1, totalSteps: 60, stepsPerEpoch: 10 };

describe("names of the other library are used where it has the schedule", () => {
  test.each([
    ["pytorch", "cosine-annealing", { tMax: 60 }, "CosineAnnealingLR(optimizer, T_max=60"],
    ["pytorch", "one-cycle", {}, "OneCycleLR(optimizer, max_lr=0.1, total_steps=60)"],
    ["pytorch", "one-cycle", { annealStrategy: "cosine" }, 'anneal_strategy="cos"'],
    [
      "hugging-face",
      "warmup-cosine",
      { warmupSteps: 5 },
      'get_scheduler("cosine", optimizer, num_warmup_steps=5, num_training_steps=60)',
    ],
  ] as const)("%s %s", (library, name, options, expected) => {
    expect(scheduleCode(library, name, options, run)).toContain(expected);
  });
});

test("rates are listed where the library has no such schedule", () => {
  for (const { name, example } of schedules) {
    const made = makeSchedule(name, run.lr, example, run);
    const code = scheduleCode("pytorch", name, example, run);
    if (isMetricSchedule(made)) continue;
    const listed = /rates = (\[.*\])/.exec(code)?.[1];
    if (listed === undefined) {
      expect(code, name).toMatch(/scheduler = \w+\(optimizer/);
      continue;
    }
    const rates = JSON.parse(listed) as number[];
    expect(rates).toHaveLength(run.totalSteps);
    rates.forEach((r, k) => {
      expect(Math.abs(r - made(k)), `${name} at ${k}`).toBeLessThanOrEqual(1e-8 * Math.abs(made(k)));
    });
  }
});

test("an option out of its range is refused as everywhere", () => {
  expect(() => scheduleCode("pytorch", "one-cycle", { pctStart: 2 }, run)).toThrow(/pctStart/);
});
