import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { cosineFall, progressAfter, warmupFactor } from "./formulas.ts";
import { number } from "./options.ts";
import { huggingFaceOptions, totalSteps, warmupLength, warmupRatio, warmupSteps } from "./warmup.ts";

export const warmupCosineRestarts: ScheduleRow = defineSchedule({
  name: "warmup-cosine-restarts",
  about: "Linear warm-up, then numCycles equal cosine falls that each start over at lr; 0 past totalSteps.",
  formula: "lr·k/warmupSteps, then lr·½(1 + cos(π·frac(numCycles·p)))",
  source: { cite: "transformers.get_cosine_with_hard_restarts_schedule_with_warmup" },
  elsewhere: [
    {
      name: "cosine_with_restarts",
      library: "hugging-face",
      options: { ...huggingFaceOptions, num_cycles: "numCycles" },
    },
  ],
  options: {
    warmupSteps,
    warmupRatio,
    totalSteps,
    numCycles: number("How many falls.", { default: 1, above: 0 }),
  },
  example: { warmupSteps: 10, totalSteps: 100, numCycles: 3 },
  make: (lr, { numCycles, ...warmup }, { at }) => {
    const w = warmupLength(warmup, at);
    return (k) => {
      if (k < w) return lr * warmupFactor(k, w);
      const p = progressAfter(k, w, warmup.totalSteps);
      return p >= 1 ? 0 : lr * cosineFall((numCycles * p) % 1);
    };
  },
});
