import { defineSchedule } from "./define.ts";
import type { ScheduleEntry } from "./entry.ts";
import { decayOptions, exponentialDecayFrom } from "./exponential-decay.ts";
import { lerp } from "./formulas.ts";
import { number } from "./options.ts";
import { warmupSteps } from "./warmup.ts";

export const warmupExponentialDecay: ScheduleEntry = defineSchedule({
  name: "warmup-exponential-decay",
  description: "Linear warm-up, then exponential decay.",
  formula: "startLr → lr over warmupSteps, then exponential-decay at k − warmupSteps",
  reference: "optax.warmup_exponential_decay_schedule",
  aliases: [
    {
      name: "warmup_exponential_decay_schedule",
      library: "optax",
      options: {
        init_value: "startLr",
        peak_value: "lr",
        warmup_steps: "warmupSteps",
        transition_steps: "decaySteps",
        decay_rate: "decayRate",
        transition_begin: "begin",
        end_value: "endLr",
      },
    },
  ],
  options: {
    warmupSteps,
    startLr: number("The rate at step 0.", { default: 0, min: 0 }),
    ...decayOptions,
  },
  example: { warmupSteps: 10, decaySteps: 20, decayRate: 0.5 },
  make: (lr, { warmupSteps: w, startLr, ...decay }) => {
    const after = exponentialDecayFrom(lr, decay);
    return (k) => (k < w ? lerp(startLr, lr, k / w) : after(k - w));
  },
});
