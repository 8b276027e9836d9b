import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { cosineFall } from "./formulas.ts";
import { badOption, choice, number } from "./options.ts";
import { huggingFaceOptions, totalStepsForRatio, warmupLength, warmupRatio, warmupSteps } from "./warmup.ts";

const shapes = ["linear", "cosine", "1-sqrt", "1-square"] as const;
type Shape = (typeof shapes)[number];

/** From 0 at p = 0 to 1 at p = 1. */
const rise: Readonly<Record<Shape, (p: number) => number>> = {
  linear: (p) => p,
  cosine: (p) => 1 - cosineFall(p),
  "1-sqrt": (p) => 1 - Math.sqrt(1 - p),
  "1-square": (p) => 1 - (1 - p) ** 2,
};

/** From 1 at p = 0 to 0 at p = 1 (cosine: with half a wave). */
const fall: Readonly<Record<Shape, (p: number, cycles: number) => number>> = {
  linear: (p) => 1 - p,
  cosine: (p, cycles) => cosineFall(2 * cycles * p),
  "1-sqrt": (p) => 1 - Math.sqrt(p),
  "1-square": (p) => 1 - p ** 2,
};

export const warmupStableDecay: ScheduleRow = defineSchedule({
  name: "warmup-stable-decay",
  about:
    "Warm-up, a long constant stretch, and a short fall at the end, so that the length can be chosen late.",
  formula:
    "lr·(s + (1 − s)·rise(k/warmupSteps)), lr, lr·(m + (1 − m)·fall((k − begin)/decaySteps)), lr·m; m = minLrRatio, s = warmupLrRatio",
  source: { cite: "Hu et al. (2024), MiniCPM, arXiv 2404.06395; transformers.get_wsd_schedule" },
  elsewhere: [
    {
      name: "warmup_stable_decay",
      library: "hugging-face",
      options: {
        ...huggingFaceOptions,
        num_stable_steps: "stableSteps",
        num_decay_steps: "decaySteps",
        warmup_type: "warmupType",
        decay_type: "decayType",
        min_lr_ratio: "minLrRatio",
        num_cycles: "numCycles",
      },
    },
    {
      name: "wsd",
      library: "pytorch-optimizer",
      options: {
        ...huggingFaceOptions,
        num_stable_steps: "stableSteps",
        num_decay_steps: "decaySteps",
        cooldown_type: "decayType",
        min_lr_ratio: "minLrRatio",
        num_cycles: "numCycles",
      },
      preset: { warmupLrRatio: 0, decayType: "1-sqrt" },
    },
  ],
  options: {
    warmupSteps,
    warmupRatio,
    stableSteps: number("Steps at lr.", { min: 0, otherwise: "totalSteps − warmupSteps − decaySteps" }),
    decaySteps: number("Steps of the fall.", { required: true, min: 0 }),
    totalSteps: {
      ...totalStepsForRatio,
      description: "Steps of the whole run; used when stableSteps is not given.",
    },
    warmupType: choice("Shape of the warm-up.", shapes, { default: "linear" }),
    decayType: choice("Shape of the fall.", shapes, { default: "cosine" }),
    minLrRatio: number("Share of lr at both ends.", { default: 0, min: 0, max: 1 }),
    warmupLrRatio: number("Share of lr at the start of the warm-up.", {
      min: 0,
      max: 1,
      otherwise: "minLrRatio",
    }),
    numCycles: number("Waves of a cosine fall; a half only falls.", { default: 0.5, above: 0 }),
  },
  example: { warmupSteps: 10, stableSteps: 60, decaySteps: 30 },
  make: (lr, o, { at }) => {
    const w = warmupLength(o, at);
    const stable = o.stableSteps ?? (o.totalSteps === null ? null : o.totalSteps - w - o.decaySteps);
    if (stable === null)
      throw badOption(
        at,
        "stableSteps",
        "warmup-stable-decay needs stableSteps or totalSteps",
        "give one of the two",
      );
    if (stable < 0)
      throw badOption(
        at,
        "decaySteps",
        `warm-up ${w} and decay ${o.decaySteps} take more than the ${o.totalSteps} steps there are`,
        "shorten one of them or train longer",
      );
    const begin = w + stable;
    const from = (low: number, factor: number): number => lr * (factor * (1 - low) + low);
    const first = o.warmupLrRatio ?? o.minLrRatio;
    return (k) => {
      if (k < w) return from(first, rise[o.warmupType](k / w));
      if (k < begin) return lr;
      const p = (k - begin) / o.decaySteps;
      return k < begin + o.decaySteps
        ? from(o.minLrRatio, fall[o.decayType](p, o.numCycles))
        : lr * o.minLrRatio;
    };
  },
});
