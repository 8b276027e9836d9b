import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { warmupFactor } from "./formulas.ts";
import { number } from "./options.ts";
import { huggingFaceOptions, totalStepsForRatio, warmupLength, warmupRatio, warmupSteps } from "./warmup.ts";

export const inverseSqrt: ScheduleRow = defineSchedule({
  name: "inverse-sqrt",
  about: "Linear warm-up, then falls like 1/√k; needs no end. timescale 1 without warm-up is lr/√(k+1).",
  formula: "lr·k/warmupSteps, then lr/√((k − warmupSteps + timescale)/timescale)",
  source: {
    cite: "Zhai et al. (2022), Scaling Vision Transformers, arXiv 2106.04560; transformers.get_inverse_sqrt_schedule",
  },
  elsewhere: [{ name: "inverse_sqrt", library: "hugging-face", options: huggingFaceOptions }],
  options: {
    warmupSteps,
    warmupRatio,
    totalSteps: totalStepsForRatio,
    timescale: number("Steps after which the rate has fallen to 1/√2.", {
      above: 0,
      otherwise: "warmupSteps, or 10000 without warm-up",
    }),
  },
  example: { warmupSteps: 10 },
  make: (lr, { timescale, ...warmup }, { at }) => {
    const w = warmupLength(warmup, at);
    const scale = timescale ?? (w || 10_000);
    return (k) => (k < w ? lr * warmupFactor(k, w) : lr / Math.sqrt((k - w + scale) / scale));
  },
});
