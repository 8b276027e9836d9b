import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { clamp, cosineFall, lerp } from "./formulas.ts";
import { badOption, number, type Options } from "./options.ts";
import type { Schedule } from "./types.ts";
import { warmupSteps } from "./warmup.ts";

export interface CosineDecay {
  readonly startLr: number;
  readonly peakLr: number;
  readonly warmupSteps: number;
  readonly decaySteps: number;
  /** Floor as a share of peakLr. */
  readonly alpha: number;
  readonly exponent: number;
}

export function cosineDecayFrom({
  startLr,
  peakLr,
  warmupSteps: w,
  decaySteps,
  alpha,
  exponent,
}: CosineDecay): Schedule {
  return (k) => {
    if (k < w) return lerp(startLr, peakLr, k / w);
    const fall = cosineFall(clamp((k - w) / decaySteps, 0, 1)) ** exponent;
    return peakLr * ((1 - alpha) * fall + alpha);
  };
}

/** Keras's initial_learning_rate is the start of the warm-up, or the peak where there is no warmup_target. */
function adaptKeras(options: Options): Options {
  const { startLr, ...rest } = options;
  return startLr === undefined || rest["lr"] !== undefined ? options : { ...rest, lr: startLr };
}

export const cosineDecay: ScheduleRow = defineSchedule({
  name: "cosine-decay",
  about: "Linear warm-up, then a cosine fall to a floor where it stays (optax and Keras).",
  formula:
    "startLr → lr over warmupSteps, then lr·((1 − alpha)·(½(1 + cos πp))^exponent + alpha), p held at 1",
  source: {
    cite: "optax.cosine_decay_schedule, warmup_cosine_decay_schedule; keras.optimizers.schedules.CosineDecay",
  },
  elsewhere: [
    {
      name: "cosine_decay_schedule",
      library: "optax",
      options: { init_value: "lr", decay_steps: "decaySteps" },
    },
    {
      name: "warmup_cosine_decay_schedule",
      library: "optax",
      options: {
        init_value: "startLr",
        peak_value: "lr",
        warmup_steps: "warmupSteps",
        decay_steps: "totalSteps",
        end_value: "endLr",
      },
    },
    {
      name: "CosineDecay",
      library: "keras",
      options: {
        initial_learning_rate: "startLr",
        warmup_target: "lr",
        decay_steps: "decaySteps",
        warmup_steps: "warmupSteps",
      },
      adapt: adaptKeras,
    },
  ],
  options: {
    warmupSteps,
    startLr: number("The rate at step 0 of the warm-up.", { default: 0, min: 0 }),
    decaySteps: number("Steps of the fall, after the warm-up.", {
      above: 0,
      otherwise: "totalSteps − warmupSteps",
    }),
    totalSteps: number("Warm-up and fall together; used when decaySteps is not given.", {
      above: 0,
      filledFrom: "totalSteps",
    }),
    alpha: number("Floor as a share of lr.", { default: 0, min: 0, max: 1 }),
    endLr: number("Floor as a rate; replaces alpha.", { min: 0, otherwise: "lr · alpha" }),
    exponent: number("Power of the cosine.", { default: 1, above: 0 }),
  },
  example: { warmupSteps: 10, totalSteps: 80, alpha: 0.1 },
  make: (lr, o, { at }) => {
    const decaySteps = o.decaySteps ?? (o.totalSteps === null ? null : o.totalSteps - o.warmupSteps);
    if (decaySteps === null)
      throw badOption(at, "decaySteps", "cosine-decay needs decaySteps or totalSteps", "give one of the two");
    if (decaySteps <= 0)
      throw badOption(
        at,
        "warmupSteps",
        `${o.warmupSteps} steps of warm-up leave none of ${o.totalSteps} for the fall`,
      );
    const alpha = o.endLr === null ? o.alpha : lr === 0 ? 0 : o.endLr / lr;
    return cosineDecayFrom({ ...o, peakLr: lr, decaySteps, alpha });
  },
});
