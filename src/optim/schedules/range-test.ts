import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { lerp } from "./formulas.ts";
import { choice, integer, number } from "./options.ts";

const spacings = ["closed", "open", "lightning"] as const;

/** Position of step k among n, from 0 at startLr to 1 at endLr. */
const position: Readonly<Record<(typeof spacings)[number], (k: number, n: number) => number>> = {
  closed: (k, n) => k / (n - 1),
  open: (k, n) => k / n,
  lightning: (k, n) => (k === 0 ? 0 : (k + 1) / n),
};

export const rangeTest: ScheduleRow = defineSchedule({
  name: "range-test",
  about: "The learning-rate finder's ramp from a tiny rate to a huge one; the optimizer's lr is not used.",
  formula: "startLr·(endLr/startLr)^p, or startLr + (endLr − startLr)·p, p = k/(steps − 1)",
  source: { cite: "Smith (2017), Cyclical Learning Rates, section 3.3, arXiv 1506.01186" },
  elsewhere: [
    {
      name: "lr_find",
      library: "fastai",
      options: { start_lr: "startLr", end_lr: "endLr", num_it: "steps" },
      preset: { spacing: "open" },
    },
    {
      name: "range_test",
      library: "torch-lr-finder",
      options: { start_lr: "startLr", end_lr: "endLr", num_iter: "steps", step_mode: "growth" },
    },
    {
      name: "lr_find (Lightning)",
      library: "lightning",
      options: { min_lr: "startLr", max_lr: "endLr", num_training: "steps", mode: "growth" },
      preset: { startLr: 1e-8, endLr: 1, spacing: "lightning" },
    },
  ],
  options: {
    startLr: number("The rate at step 0.", { default: 1e-7, above: 0 }),
    endLr: number("The rate at the end.", { default: 10, above: 0 }),
    steps: integer("Steps of the test.", { default: 100, min: 2 }),
    growth: choice("Equal factors or equal differences.", ["exponential", "linear"], {
      default: "exponential",
      synonyms: { exp: "exponential" },
    }),
    spacing: choice(
      "closed: the last step is at endLr; open: the step after it would be (fastai); lightning: the second step is skipped.",
      spacings,
      { default: "closed" },
    ),
  },
  example: {},
  make:
    (_, { startLr, endLr, steps, growth, spacing }) =>
    (k) => {
      const p = position[spacing](k, steps);
      return growth === "linear" ? lerp(startLr, endLr, p) : startLr * (endLr / startLr) ** p;
    },
});
