import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { choice, number } from "./options.ts";
import { interpolate } from "./piecewise-interpolate.ts";

const optaxOptions = {
  transition_steps: "totalSteps",
  peak_value: "lr",
  pct_start: "pctStart",
  pct_final: "pctFinal",
  div_factor: "divFactor",
  final_div_factor: "finalDivFactor",
};

export const oneCycleOptax: ScheduleRow = defineSchedule({
  name: "one-cycle-optax",
  about: "optax's 1-cycle: corners on whole steps, another last rate than PyTorch's, no momentum.",
  formula:
    "lr/divFactor → lr at ⌊pctStart·T⌋; linear: → lr/divFactor at ⌊pctFinal·T⌋; → the last rate at T = totalSteps",
  source: { cite: "optax.linear_onecycle_schedule, optax.cosine_onecycle_schedule" },
  elsewhere: [
    {
      name: "cosine_onecycle_schedule",
      library: "optax",
      options: optaxOptions,
      preset: { annealStrategy: "cosine" },
    },
    {
      name: "linear_onecycle_schedule",
      library: "optax",
      options: optaxOptions,
      preset: { annealStrategy: "linear" },
    },
  ],
  options: {
    totalSteps: number("Steps of the whole cycle.", { required: true, above: 0, filledFrom: "totalSteps" }),
    annealStrategy: choice("Curve of each phase; linear has a third phase.", ["cosine", "linear"], {
      default: "cosine",
    }),
    pctStart: number("Share of the cycle in which the rate rises.", { default: 0.3, above: 0, max: 1 }),
    pctFinal: number("Linear only: share at which the rate is back at its start.", {
      default: 0.85,
      above: 0,
      max: 1,
    }),
    divFactor: number("lr over the first rate.", { default: 25, above: 0 }),
    finalDivFactor: number("Linear: first rate over the last. Cosine: lr/divFactor over the last.", {
      default: 1e4,
      above: 0,
    }),
  },
  example: { totalSteps: 100 },
  make: (lr, { totalSteps, annealStrategy, pctStart, pctFinal, divFactor, finalDivFactor }) => {
    const start = lr / divFactor;
    const corners = [
      { step: 0, value: start },
      { step: Math.floor(pctStart * totalSteps), value: lr },
      ...(annealStrategy === "linear" ? [{ step: Math.floor(pctFinal * totalSteps), value: start }] : []),
      { step: totalSteps, value: start / finalDivFactor },
    ];
    return interpolate(corners, annealStrategy);
  },
});
