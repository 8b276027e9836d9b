import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { boolean, number } from "./options.ts";

export const inverseTime: ScheduleRow = defineSchedule({
  name: "inverse-time",
  about: "Falls like 1/k, the decay for which stochastic gradient descent is proved to converge.",
  formula: "lr/(1 + decayRate·k/decaySteps); staircase: quotient rounded down",
  source: { cite: "Robbins and Monro (1951); keras.optimizers.schedules.InverseTimeDecay" },
  elsewhere: [
    {
      name: "InverseTimeDecay",
      library: "keras",
      options: { initial_learning_rate: "lr", decay_steps: "decaySteps", decay_rate: "decayRate" },
    },
  ],
  options: {
    decaySteps: number("With decayRate 1: steps until the rate has halved.", { required: true, above: 0 }),
    decayRate: number("Speed of the decay.", { default: 1, min: 0 }),
    staircase: boolean("Change only at whole multiples of decaySteps.", { default: false }),
  },
  example: { decaySteps: 10, decayRate: 0.5 },
  make:
    (lr, { decaySteps, decayRate, staircase }) =>
    (k) => {
      const p = k / decaySteps;
      return lr / (1 + decayRate * (staircase ? Math.floor(p) : p));
    },
});
