import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { cosineFall, progressAfter, warmupFactor } from "./formulas.ts";
import { badOption, number } from "./options.ts";
import { huggingFaceOptions, totalSteps, warmupLength, warmupRatio, warmupSteps } from "./warmup.ts";

export const warmupCosine: ScheduleRow = defineSchedule({
  name: "warmup-cosine",
  about: "Linear warm-up from 0, then a cosine fall over the rest of the run; climbs again past totalSteps.",
  formula: "lr·k/warmupSteps, then lr·(r + (1 − r)·½(1 + cos(2π·numCycles·p))), r the floor's share",
  source: {
    cite: "transformers.get_cosine_schedule_with_warmup and get_cosine_with_min_lr_schedule_with_warmup",
  },
  elsewhere: [
    {
      name: "cosine",
      library: "hugging-face",
      options: { ...huggingFaceOptions, num_cycles: "numCycles" },
    },
    {
      name: "cosine_with_min_lr",
      library: "hugging-face",
      options: { ...huggingFaceOptions, num_cycles: "numCycles", min_lr: "minLr", min_lr_rate: "minLrRate" },
    },
  ],
  options: {
    warmupSteps,
    warmupRatio,
    totalSteps,
    numCycles: number("Waves of the cosine; a half only falls.", { default: 0.5, above: 0 }),
    minLr: number("Floor as a rate; replaces minLrRate.", { min: 0, otherwise: "lr · minLrRate" }),
    minLrRate: number("Floor as a share of lr.", { default: 0, min: 0, max: 1 }),
  },
  example: { warmupSteps: 10, totalSteps: 100 },
  make: (lr, { numCycles, minLr, minLrRate, ...warmup }, { at }) => {
    const w = warmupLength(warmup, at);
    const floor = floorShare(lr, minLr, minLrRate, at);
    return (k) => {
      if (k < w) return lr * warmupFactor(k, w);
      const p = progressAfter(k, w, warmup.totalSteps);
      return lr * (cosineFall(2 * numCycles * p) * (1 - floor) + floor);
    };
  },
});

/** The floor as a share of lr, from whichever of the two was given. */
export function floorShare(lr: number, minLr: number | null, minLrRate: number, at: string): number {
  if (minLr === null) return minLrRate;
  if (minLr > lr)
    throw badOption(
      at,
      "minLr",
      `minLr ${minLr} is above the learning rate ${lr}`,
      "lower minLr or raise lr",
    );
  return lr === 0 ? 0 : minLr / lr;
}
