import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { badOption, boolean, choice, fn, number } from "./options.ts";

export const cyclic: ScheduleRow = defineSchedule({
  name: "cyclic",
  about: "Up and down between baseLr and lr; the height stays, halves each cycle or shrinks each step.",
  formula: "baseLr + (lr − baseLr)·triangle(k)·s; s = 1 | 2^(1 − cycle) | gamma^k",
  source: {
    cite: "Smith (2017), Cyclical Learning Rates, arXiv 1506.01186; torch.optim.lr_scheduler.CyclicLR",
  },
  elsewhere: [
    {
      name: "CyclicLR",
      library: "pytorch",
      options: {
        base_lr: "baseLr",
        max_lr: "lr",
        step_size_up: "stepSizeUp",
        step_size_down: "stepSizeDown",
        scale_fn: "scaleFn",
        scale_mode: "scaleMode",
        cycle_momentum: "cycleMomentum",
        base_momentum: "baseMomentum",
        max_momentum: "maxMomentum",
      },
    },
  ],
  options: {
    baseLr: number("The lowest rate; lr is the highest.", { required: true, min: 0 }),
    stepSizeUp: number("Steps of the rise.", { default: 2000, above: 0 }),
    stepSizeDown: number("Steps of the fall.", { min: 0, otherwise: "stepSizeUp" }),
    mode: choice("What happens to the height.", ["triangular", "triangular2", "exp_range"], {
      default: "triangular",
    }),
    gamma: number("Factor of one step in exp_range.", { default: 1, above: 0 }),
    scaleFn: fn("The height's factor, in place of mode.", {}),
    scaleMode: choice(
      "What scaleFn is given: the cycle, from 1, or the step, from 0.",
      ["cycle", "iterations"],
      {
        default: "cycle",
      },
    ),
    cycleMomentum: boolean("Move the momentum (Adam: β₁) against the rate.", { default: true }),
    baseMomentum: number("Momentum at the highest rate.", { default: 0.8, min: 0, max: 1 }),
    maxMomentum: number("Momentum at the lowest rate.", { default: 0.9, min: 0, max: 1 }),
  },
  example: { baseLr: 0.001, stepSizeUp: 20, stepSizeDown: 10 },
  make: (lr, o, { at }) => {
    if (o.baseLr > lr)
      throw badOption(
        at,
        "baseLr",
        `baseLr ${o.baseLr} is above the highest rate ${lr}`,
        "lower baseLr or raise lr",
      );
    const total = o.stepSizeUp + (o.stepSizeDown ?? o.stepSizeUp);
    const { scaleFn } = o;
    const modes: Record<typeof o.mode, (k: number, cycle: number) => number> = {
      triangular: () => 1,
      triangular2: (_, cycle) => 2 ** (1 - cycle),
      exp_range: (k) => o.gamma ** k,
    };
    const scale = scaleFn
      ? (k: number, cycle: number) => scaleFn(o.scaleMode === "cycle" ? cycle : k)
      : modes[o.mode];
    /** How high the triangle is at step k: 0 at the ends of a cycle, 1 times the scale at its peak. */
    const height = (k: number): number => {
      const cycle = Math.floor(k / total);
      const inCycle = k - cycle * total;
      const triangle =
        inCycle <= o.stepSizeUp ? inCycle / o.stepSizeUp : (total - inCycle) / (total - o.stepSizeUp);
      return triangle * scale(k, cycle + 1);
    };
    const rate = (k: number): number => o.baseLr + (lr - o.baseLr) * height(k);
    const momentumAt = (k: number): number => o.maxMomentum - (o.maxMomentum - o.baseMomentum) * height(k);
    return o.cycleMomentum ? Object.assign(rate, { momentumAt }) : rate;
  },
});
