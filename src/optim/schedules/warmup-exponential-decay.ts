import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { decayOptions, exponentialDecayFrom } from "./exponential-decay.ts";
import { lerp } from "./formulas.ts";
import { number } from "./options.ts";
import { warmupSteps } from "./warmup.ts";

export const warmupExponentialDecay: ScheduleRow = defineSchedule({
  name: "warmup-exponential-decay",
  about: "Linear warm-up, then exponential decay.",
  formula: "startLr → lr over warmupSteps, then exponential-decay at k − warmupSteps",
  source: { cite: "optax.warmup_exponential_decay_schedule" },
  elsewhere: [
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
