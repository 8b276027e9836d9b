import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { lerp } from "./formulas.ts";
import { number } from "./options.ts";
import { huggingFaceOptions, totalStepsForRatio, warmupLength, warmupRatio, warmupSteps } from "./warmup.ts";

export const warmupConstant: ScheduleRow = defineSchedule({
  name: "warmup-constant",
  about: "Linear warm-up, then the same rate at every step.",
  formula: "startLr → lr over warmupSteps, then lr",
  source: { cite: "transformers.get_constant_schedule_with_warmup; optax.warmup_constant_schedule" },
  elsewhere: [
    { name: "constant_with_warmup", library: "hugging-face", options: huggingFaceOptions },
    {
      name: "warmup_constant_schedule",
      library: "optax",
      options: { init_value: "startLr", peak_value: "lr", warmup_steps: "warmupSteps" },
    },
  ],
  options: {
    warmupSteps,
    warmupRatio,
    totalSteps: totalStepsForRatio,
    startLr: number("The rate at step 0.", { default: 0, min: 0 }),
  },
  example: { warmupSteps: 10 },
  make: (lr, { startLr, ...warmup }, { at }) => {
    const w = warmupLength(warmup, at);
    return (k) => (k < w ? lerp(startLr, lr, k / w) : lr);
  },
});
