import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { progressAfter, warmupFactor } from "./formulas.ts";
import { badOption, number } from "./options.ts";
import { huggingFaceOptions, totalSteps, warmupLength, warmupRatio, warmupSteps } from "./warmup.ts";

export const warmupPolynomial: ScheduleRow = defineSchedule({
  name: "warmup-polynomial",
  about: "Linear warm-up, then polynomial decay to endLr at the end of the run.",
  formula:
    "lr·k/warmupSteps, then endLr + (lr − endLr)·(1 − (k − warmupSteps)/(totalSteps − warmupSteps))^power",
  source: { cite: "transformers.get_polynomial_decay_schedule_with_warmup, after fairseq and BERT" },
  elsewhere: [
    {
      name: "polynomial",
      library: "hugging-face",
      options: { ...huggingFaceOptions, lr_end: "endLr" },
      preset: { endLr: 1e-7 },
    },
  ],
  options: {
    warmupSteps,
    warmupRatio,
    totalSteps,
    endLr: number("The rate at the end; below lr.", { default: 0, min: 0 }),
    power: number("1 is a straight line.", { default: 1, above: 0 }),
  },
  example: { warmupSteps: 10, totalSteps: 100, power: 2 },
  make: (lr, { endLr, power, ...warmup }, { at }) => {
    if (endLr > lr)
      throw badOption(
        at,
        "endLr",
        `endLr ${endLr} is above the learning rate ${lr}`,
        "lower endLr or raise lr",
      );
    const w = warmupLength(warmup, at);
    return (k) => {
      if (k < w) return lr * warmupFactor(k, w);
      const left = Math.max(0, 1 - progressAfter(k, w, warmup.totalSteps));
      return endLr + (lr - endLr) * left ** power;
    };
  },
});
