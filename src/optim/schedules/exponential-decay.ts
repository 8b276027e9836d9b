import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { boolean, number, type OptionSpec } from "./options.ts";
import type { Schedule } from "./types.ts";

export interface ExponentialDecay {
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly begin: number;
  readonly staircase: boolean;
  readonly endLr: number | null;
}

export const decayOptions: {
  readonly [K in keyof ExponentialDecay]: OptionSpec<ExponentialDecay[K]>;
} = {
  decaySteps: number("Steps in which the rate changes by decayRate.", { required: true, above: 0 }),
  decayRate: number("The factor of decaySteps steps.", { required: true, above: 0 }),
  begin: number("Steps before the decay begins.", { default: 0, min: 0 }),
  staircase: boolean("Change only at whole multiples of decaySteps.", { default: false }),
  endLr: number("The rate never passes this one.", { min: 0, otherwise: "no limit" }),
};

export function exponentialDecayFrom(lr: number, options: ExponentialDecay): Schedule {
  const { decaySteps, decayRate, begin, staircase, endLr } = options;
  const limit = (x: number): number =>
    endLr === null ? x : decayRate < 1 ? Math.max(x, endLr) : Math.min(x, endLr);
  return (k) => {
    if (k <= begin) return limit(lr);
    const p = (k - begin) / decaySteps;
    return limit(lr * decayRate ** (staircase ? Math.floor(p) : p));
  };
}

export const exponentialDecay: ScheduleRow = defineSchedule({
  name: "exponential-decay",
  about: "Exponential decay given as a factor per so many steps, smooth or as a staircase, with a floor.",
  formula: "max(endLr, lr·decayRate^((k − begin)/decaySteps)); staircase: exponent rounded down",
  source: { cite: "optax.exponential_decay; keras.optimizers.schedules.ExponentialDecay" },
  elsewhere: [
    {
      name: "exponential_decay",
      library: "optax",
      options: {
        init_value: "lr",
        transition_steps: "decaySteps",
        decay_rate: "decayRate",
        transition_begin: "begin",
        end_value: "endLr",
      },
    },
    {
      name: "ExponentialDecay",
      library: "keras",
      options: { initial_learning_rate: "lr", decay_steps: "decaySteps", decay_rate: "decayRate" },
    },
  ],
  options: decayOptions,
  example: { decaySteps: 20, decayRate: 0.5, staircase: true },
  make: exponentialDecayFrom,
});
