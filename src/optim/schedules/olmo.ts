/** OLMo-core's schedules: a warm-up from one rate, a middle of its own, a straight line to another at the end. */
import { defineSchedule } from "./define.ts";
import type { Alias, ScheduleRow } from "./entry.ts";
import { cosineBetween, lerp } from "./formulas.ts";
import { badOption, number, numbers, type OptionSpec } from "./options.ts";
import type { Schedule } from "./types.ts";
import { totalSteps } from "./warmup.ts";

/** To the nearest whole number, halves to the even one, as Python rounds. */
const roundHalfEven = (x: number): number => {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low % 2) : Math.round(x);
};

const ends = {
  warmupSteps: number("Steps of warm-up.", { min: 0, otherwise: "warmupFraction · totalSteps" }),
  warmupFraction: number("Warm-up as a share of totalSteps.", { default: 0, min: 0, max: 1 }),
  warmupMinLr: number("The rate at step 0 of the warm-up.", { default: 0, min: 0 }),
  decaySteps: number("Steps of the fall at the end.", { min: 0, otherwise: "decayFraction · totalSteps" }),
  decayFraction: number("The fall at the end as a share of totalSteps.", { default: 0.1, min: 0, max: 1 }),
  decayMinLr: number("The rate at the end.", { default: 0, min: 0 }),
};

interface Ends {
  readonly warmupSteps: number | null;
  readonly warmupFraction: number;
  readonly warmupMinLr: number;
  readonly decaySteps: number | null;
  readonly decayFraction: number;
  readonly decayMinLr: number;
  readonly totalSteps: number;
}

const renamed: Readonly<Record<string, string>> = {
  warmup: "warmupSteps",
  warmup_fraction: "warmupFraction",
  warmup_min_lr: "warmupMinLr",
  decay: "decaySteps",
  decay_fraction: "decayFraction",
  decay_min_lr: "decayMinLr",
  t_max: "totalSteps",
};

/** null there says that steps are given instead; here absence does. */
const adapt: Alias["adapt"] = (options) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));

/** Warm-up to `peak`, `middle`, and from T − D on a line from the middle's value to the end's. */
function withEnds(
  o: Ends,
  at: string,
  peak: number,
  middle: (k: number, warmup: number) => number,
): Schedule {
  const w = o.warmupSteps ?? roundHalfEven(o.warmupFraction * o.totalSteps);
  const d = o.decaySteps ?? roundHalfEven(o.decayFraction * o.totalSteps);
  const begin = o.totalSteps - d;
  if (begin < w) {
    throw badOption(
      at,
      "decaySteps",
      `warm-up ${w} and decay ${d} take more than the ${o.totalSteps} steps there are`,
      "shorten one of them or train longer",
    );
  }
  return (k) => {
    if (k <= w && w > 0) return lerp(o.warmupMinLr, peak, k / w);
    if (k >= o.totalSteps) return d > 0 ? o.decayMinLr : middle(o.totalSteps, w);
    if (k < begin) return middle(k, w);
    const top = middle(begin, w);
    return o.decayMinLr + ((top - o.decayMinLr) * (o.totalSteps - k)) / d;
  };
}

const reference = "OLMo-core";

export const warmupStableLinear: ScheduleRow = defineSchedule({
  name: "warmup-stable-linear",
  about: "Linear warm-up, a constant stretch, a straight line to a floor; all as shares of the run.",
  formula: "warmupMinLr → lr over warmupSteps; lr; lr → decayMinLr over the last decaySteps",
  source: { cite: `${reference}'s WSD` },
  elsewhere: [{ name: "WSD", library: "olmo-core", options: renamed, adapt }],
  options: { ...ends, totalSteps },
  example: { warmupSteps: 10, totalSteps: 100, decayFraction: 0.2 },
  make: (lr, o, { at }) => withEnds(o, at, lr, () => lr),
});

export const powerLr: ScheduleRow = defineSchedule({
  name: "power-lr",
  about: "Linear warm-up, then a power of the step, which needs no length; a straight line at the end.",
  formula: "warmupMinLr → lr; lr·(k/warmupSteps)^power; over the last decaySteps on a line to decayMinLr",
  source: { cite: `${reference}'s PowerLR` },
  elsewhere: [{ name: "PowerLR", library: "olmo-core", options: { ...renamed, b: "power" }, adapt }],
  options: { ...ends, totalSteps, power: number("The power; below 0.", { default: -0.51, below: 0 }) },
  example: { warmupSteps: 10, totalSteps: 100 },
  make: (lr, o, { at }) => {
    const start = (o.warmupSteps ?? roundHalfEven(o.warmupFraction * o.totalSteps)) > 0;
    if (!start) {
      throw badOption(at, "warmupSteps", "a power of k/warmupSteps needs a warm-up", "give warmupSteps ≥ 1");
    }
    return withEnds(o, at, lr, (k, w) => lr * (k / w) ** o.power);
  },
});

const alpha: OptionSpec<number> = number("Floor of the cosine as a share of lr.", {
  default: 0.1,
  min: 0,
  max: 1,
});

export const cosineLinear: ScheduleRow = defineSchedule({
  name: "cosine-linear",
  about: "Linear warm-up, a cosine to a floor, left near the end on a straight line.",
  formula:
    "warmupMinLr → lr; e + ½(lr − e)(1 + cos πp), e = alpha·lr; over the last decaySteps on a line to decayMinLr",
  source: { cite: `${reference}'s CosWithWarmupAndLinearDecay` },
  elsewhere: [
    {
      name: "CosWithWarmupAndLinearDecay",
      library: "olmo-core",
      options: { ...renamed, alpha_f: "alpha" },
      adapt,
    },
  ],
  options: { ...ends, totalSteps, alpha },
  example: { warmupSteps: 10, totalSteps: 100 },
  make: (lr, o, { at }) =>
    withEnds(o, at, lr, (k, w) => cosineBetween(lr, o.alpha * lr, (k - w) / Math.max(1, o.totalSteps - w))),
});

export const halfCosine: ScheduleRow = defineSchedule({
  name: "half-cosine",
  about: "Linear warm-up to the middle of a cosine, then its second half, to a floor.",
  formula: "warmupMinLr → e + ½(lr − e); e + ½(lr − e)(1 + cos(π(½ + p/2))), e = alpha·lr",
  source: { cite: `${reference}'s HalfCosWithWarmup` },
  elsewhere: [
    {
      name: "HalfCosWithWarmup",
      library: "olmo-core",
      options: {
        warmup: "warmupSteps",
        warmup_fraction: "warmupFraction",
        warmup_min_lr: "warmupMinLr",
        t_max: "totalSteps",
        alpha_f: "alpha",
      },
      adapt,
    },
  ],
  options: {
    warmupSteps: ends.warmupSteps,
    warmupFraction: ends.warmupFraction,
    warmupMinLr: ends.warmupMinLr,
    totalSteps,
    alpha,
  },
  example: { warmupSteps: 10, totalSteps: 100 },
  make: (lr, o, { at }) => {
    const e = o.alpha * lr;
    const middle = (k: number, w: number): number =>
      cosineBetween(lr, e, 0.5 + (k - w) / (2 * Math.max(1, o.totalSteps - w)));
    const none = { decaySteps: 0, decayFraction: 0, decayMinLr: 0 };
    return withEnds({ ...o, ...none }, at, e + (lr - e) / 2, middle);
  },
});

export const wsdS: ScheduleRow = defineSchedule({
  name: "wsd-s",
  about:
    "Warm-up–stable–decay several times over: each period ends low enough to be used, the next goes on high.",
  formula:
    "in period i: lr·multipliers[i], over its last decaySteps on a line to decayMinLr; warm-up inside the first",
  source: { cite: `Wen et al. (2024), arXiv 2410.05192; ${reference}'s WSDS` },
  elsewhere: [
    {
      name: "WSDS",
      library: "olmo-core",
      options: {
        warmup: "warmupSteps",
        warmup_min_lr: "warmupMinLr",
        decay: "decaySteps",
        decay_fraction: "decayFraction",
        decay_min_lr: "decayMinLr",
        period_lengths: "periods",
        period_lr_multipliers: "multipliers",
      },
      adapt,
    },
  ],
  options: {
    periods: numbers("Lengths of the periods in steps.", { required: true, above: 0 }),
    multipliers: numbers("What lr is multiplied by in each period; all 1 when not given.", { min: 0 }),
    warmupSteps: number("Steps of warm-up, inside the first period.", { default: 0, min: 0 }),
    warmupMinLr: ends.warmupMinLr,
    decaySteps: number("Steps of each period's fall.", { min: 0, otherwise: "decayFraction of the period" }),
    decayFraction: number("Each period's fall as a share of it.", { default: 0.1, min: 0, max: 1 }),
    decayMinLr: ends.decayMinLr,
  },
  example: { periods: [40, 60], warmupSteps: 5 },
  make: (lr, o, { at }) => {
    if (o.multipliers !== null && o.multipliers.length !== o.periods.length) {
      throw badOption(
        at,
        "multipliers",
        `${o.multipliers.length} multipliers for ${o.periods.length} periods`,
        "give one a period",
      );
    }
    let passed = 0;
    const periods = o.periods.map((length, i) => {
      const fall = o.decaySteps ?? roundHalfEven(o.decayFraction * length);
      if (fall > length) {
        throw badOption(at, "decaySteps", `a fall of ${fall} steps in a period of ${length}`, "shorten it");
      }
      return { end: (passed += length), fall, peak: lr * (o.multipliers?.[i] ?? 1) };
    });
    return (k) => {
      if (k < o.warmupSteps) return lerp(o.warmupMinLr, periods[0]!.peak, k / o.warmupSteps);
      const now = periods.find((p) => k <= p.end);
      if (now === undefined || k >= passed) return o.decayMinLr;
      const left = now.end - k;
      return left <= now.fall && now.fall > 0
        ? o.decayMinLr + ((now.peak - o.decayMinLr) * left) / now.fall
        : now.peak;
    };
  },
});
