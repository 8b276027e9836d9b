import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { clamp } from "./formulas.ts";
import { boolean, number } from "./options.ts";

const optaxOptions = {
  init_value: "lr",
  end_value: "endLr",
  transition_steps: "decaySteps",
  transition_begin: "begin",
};

export const polynomialDecay: ScheduleRow = defineSchedule({
  name: "polynomial-decay",
  about: "Falls to endLr along (1 − k/decaySteps)^power and stays there, or starts over longer and lower.",
  formula: "endLr + (lr − endLr)·(1 − min((k − begin)/decaySteps, 1))^power",
  source: {
    cite: "torch.optim.lr_scheduler.PolynomialLR; optax.polynomial_schedule; Keras's PolynomialDecay",
  },
  elsewhere: [
    {
      name: "PolynomialLR",
      library: "pytorch",
      options: { total_iters: "decaySteps" },
      preset: { decaySteps: 5 },
    },
    { name: "polynomial_schedule", library: "optax", options: optaxOptions },
    { name: "linear_schedule", library: "optax", options: optaxOptions, preset: { power: 1 } },
    {
      name: "PolynomialDecay",
      library: "keras",
      options: { initial_learning_rate: "lr", decay_steps: "decaySteps", end_learning_rate: "endLr" },
      preset: { endLr: 1e-4 },
    },
  ],
  options: {
    decaySteps: number("Steps until endLr.", { required: true, above: 0, filledFrom: "totalSteps" }),
    endLr: number("The rate at the end.", { default: 0, min: 0 }),
    power: number("1 is a straight line.", { default: 1, above: 0 }),
    begin: number("Steps before the decay begins.", { default: 0, min: 0 }),
    cycle: boolean("After decaySteps go on with the next multiple of decaySteps as the length (Keras).", {
      default: false,
    }),
  },
  example: { decaySteps: 80, power: 2, endLr: 0.001 },
  make:
    (lr, { decaySteps, endLr, power, begin, cycle }) =>
    (k) => {
      const elapsed = Math.max(0, k - begin);
      const length = cycle ? decaySteps * Math.max(1, Math.ceil(elapsed / decaySteps)) : decaySteps;
      return endLr + (lr - endLr) * (1 - clamp(elapsed / length, 0, 1)) ** power;
    },
});
