import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { progressAfter, warmupFactor } from "./formulas.ts";
import { huggingFaceOptions, totalSteps, warmupLength, warmupRatio, warmupSteps } from "./warmup.ts";

export const warmupLinear: ScheduleRow = defineSchedule({
  name: "warmup-linear",
  about: "Linear warm-up, then a straight line to 0 at the end of the run.",
  formula: "lr·k/warmupSteps, then lr·max(0, (totalSteps − k)/(totalSteps − warmupSteps))",
  source: { cite: "Devlin et al. (2019), BERT, appendix A.2; transformers.get_linear_schedule_with_warmup" },
  elsewhere: [{ name: "linear", library: "hugging-face", options: huggingFaceOptions }],
  options: { warmupSteps, warmupRatio, totalSteps },
  example: { warmupSteps: 10, totalSteps: 100 },
  make: (lr, warmup, { at }) => {
    const w = warmupLength(warmup, at);
    return (k) => lr * (k < w ? warmupFactor(k, w) : Math.max(0, 1 - progressAfter(k, w, warmup.totalSteps)));
  },
});
