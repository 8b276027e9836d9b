/** timm's schedules: a curve repeated in cycles that may grow longer and lower, behind a warm-up. */
import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { cosineFall, cycleAt, lerp } from "./formulas.ts";
import { boolean, integer, number } from "./options.ts";
import type { Schedule } from "./types.ts";

const cycles = {
  cycleSteps: number("Steps of the first cycle.", { required: true, above: 0, filledFrom: "totalSteps" }),
  cycleMul: number("How much longer each next cycle is.", { default: 1, min: 1 }),
  cycleDecay: number("What each next cycle's peak is multiplied by.", { default: 1, min: 0, max: 1 }),
  cycleLimit: integer("Cycles; then minLr.", { default: 1, min: 1 }),
  minLr: number("The lowest rate.", { default: 0, min: 0 }),
  warmupSteps: number("Steps of warm-up.", { default: 0, min: 0 }),
  warmupMinLr: number("The rate at step 0 of the warm-up.", { default: 0, min: 0 }),
  warmupPrefix: boolean("The first cycle begins after the warm-up, instead of under it.", { default: false }),
};

const renamed: Readonly<Record<string, string>> = {
  t_initial: "cycleSteps",
  cycle_mul: "cycleMul",
  cycle_decay: "cycleDecay",
  cycle_limit: "cycleLimit",
  lr_min: "minLr",
  warmup_t: "warmupSteps",
  warmup_lr_init: "warmupMinLr",
  warmup_prefix: "warmupPrefix",
};

interface Cycles {
  readonly cycleSteps: number;
  readonly cycleMul: number;
  readonly cycleDecay: number;
  readonly cycleLimit: number;
  readonly minLr: number;
  readonly warmupSteps: number;
  readonly warmupMinLr: number;
  readonly warmupPrefix: boolean;
}

/** `curve` falls from 1 to 0 over a cycle; p is the share of it that has passed. */
function inCycles(lr: number, o: Cycles, curve: (p: number) => number, meetsCurve = false): Schedule {
  const at = (k: number): number => {
    const { index, elapsed, length } = cycleAt(k, o.cycleSteps, o.cycleMul);
    if (index >= o.cycleLimit) return o.minLr;
    return o.minLr + (lr * o.cycleDecay ** index - o.minLr) * curve(elapsed / length);
  };
  const target = meetsCurve && !o.warmupPrefix ? at(o.warmupSteps) : lr;
  return (k) =>
    k < o.warmupSteps
      ? lerp(o.warmupMinLr, target, k / o.warmupSteps)
      : at(o.warmupPrefix ? k - o.warmupSteps : k);
}

const kDecay = number("Power of the progress: above 1 the rate stays high longer.", { default: 1, above: 0 });
const peak = "lr·cycleDecay^i";

export const tanhCycles: ScheduleRow = defineSchedule({
  name: "tanh-cycles",
  about: "Falls along a hyperbolic tangent, in cycles.",
  formula: `minLr + ½(${peak} − minLr)(1 − tanh(lower·(1 − p) + upper·p)) in cycle i`,
  source: { cite: "Hsueh et al. (2018), arXiv 1806.01593; timm's TanhLRScheduler" },
  elsewhere: [{ name: "tanh_lr", library: "timm", options: { ...renamed, lb: "lower", ub: "upper" } }],
  options: {
    ...cycles,
    lower: number("Where on the tangent a cycle starts.", { default: -7 }),
    upper: number("Where it ends.", { default: 3 }),
  },
  example: { cycleSteps: 100 },
  make: (lr, o) => inCycles(lr, o, (p) => (1 - Math.tanh(lerp(o.lower, o.upper, p))) / 2, true),
});

export const polynomialCycles: ScheduleRow = defineSchedule({
  name: "polynomial-cycles",
  about: "Falls along a power, in cycles.",
  formula: `minLr + (${peak} − minLr)(1 − p^kDecay)^power in cycle i`,
  source: { cite: "timm's PolyLRScheduler" },
  elsewhere: [{ name: "poly_lr", library: "timm", options: { ...renamed, k_decay: "kDecay" } }],
  options: { ...cycles, power: number("The power.", { default: 0.5, above: 0 }), kDecay },
  example: { cycleSteps: 100 },
  make: (lr, o) => inCycles(lr, o, (p) => (1 - p ** o.kDecay) ** o.power),
});

export const cosineCycles: ScheduleRow = defineSchedule({
  name: "cosine-cycles",
  about: "Falls along a cosine, in cycles that may grow longer and lower.",
  formula: `minLr + ½(${peak} − minLr)(1 + cos(π p^kDecay)) in cycle i`,
  source: { cite: "timm's CosineLRScheduler; k-decay: Zhang et al. (2020), arXiv 2004.05909" },
  elsewhere: [{ name: "cosine_lr", library: "timm", options: { ...renamed, k_decay: "kDecay" } }],
  options: { ...cycles, kDecay },
  example: { cycleSteps: 40, cycleMul: 2, cycleDecay: 0.5, cycleLimit: 2 },
  make: (lr, o) => inCycles(lr, o, (p) => cosineFall(p ** o.kDecay)),
});
