import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { cosineFall, lerp } from "./formulas.ts";
import { number } from "./options.ts";
import { huggingFaceOptions, totalSteps, warmupLength, warmupRatio, warmupSteps } from "./warmup.ts";
import { floorShare } from "./warmup-cosine.ts";

export const warmupCosineMinLr: ScheduleRow = defineSchedule({
  name: "warmup-cosine-min-lr",
  about: "As warmup-cosine with a floor, but counted from 1: the first step already has a rate.",
  formula:
    "lr·(k + 1)/warmupSteps, then lr·(r + (1 − r)·½(1 + cos(2π·numCycles·(k + 1 − warmupSteps)/(totalSteps − warmupSteps))))",
  source: { cite: "transformers.get_cosine_with_min_lr_schedule_with_warmup_lr_rate" },
  elsewhere: [
    {
      name: "cosine_warmup_with_min_lr",
      library: "hugging-face",
      options: {
        ...huggingFaceOptions,
        num_cycles: "numCycles",
        min_lr: "minLr",
        min_lr_rate: "minLrRate",
        warmup_lr_rate: "warmupLrRate",
      },
    },
  ],
  options: {
    warmupSteps,
    warmupRatio,
    totalSteps,
    numCycles: number("Waves of the cosine; a half only falls.", { default: 0.5, above: 0 }),
    minLr: number("Floor as a rate; replaces minLrRate.", { min: 0, otherwise: "lr · minLrRate" }),
    minLrRate: number("Floor as a share of lr.", { default: 0, min: 0, max: 1 }),
    warmupLrRate: number("Share of lr at step 0.", { min: 0, max: 1, otherwise: "1 / warmupSteps" }),
  },
  example: { warmupSteps: 10, totalSteps: 100, minLrRate: 0.1 },
  make: (lr, { numCycles, minLr, minLrRate, warmupLrRate, ...warmup }, { at }) => {
    const w = warmupLength(warmup, at);
    const floor = floorShare(lr, minLr, minLrRate, at);
    return (k) => {
      if (k < w)
        return lr * (warmupLrRate === null ? (k + 1) / w : lerp(warmupLrRate, 1, k / Math.max(1, w - 1)));
      const p = (k + 1 - w) / Math.max(1, warmup.totalSteps - w);
      return lr * (cosineFall(2 * numCycles * p) * (1 - floor) + floor);
    };
  },
});
