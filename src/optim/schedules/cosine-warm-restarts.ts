import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { cosineBetween, cycleAt } from "./formulas.ts";
import { number } from "./options.ts";

export const cosineWarmRestarts: ScheduleRow = defineSchedule({
  name: "cosine-warm-restarts",
  about: "Cosine falls that start over at lr, each tMult times longer than the one before.",
  formula: "etaMin + ½(lr − etaMin)(1 + cos(πT/Tᵢ)), T steps into cycle i of length Tᵢ = t0·tMultⁱ",
  source: {
    cite: "Loshchilov and Hutter (2017), SGDR, arXiv 1608.03983; torch's CosineAnnealingWarmRestarts",
  },
  elsewhere: [
    {
      name: "CosineAnnealingWarmRestarts",
      library: "pytorch",
      options: { T_0: "t0", T_mult: "tMult", eta_min: "etaMin" },
    },
    {
      name: "fit_sgdr",
      library: "fastai",
      options: { lr_max: "lr", cycle_len: "t0", cycle_mult: "tMult" },
      preset: { tMult: 2, unit: "fractional-epoch" },
    },
  ],
  options: {
    t0: number("Length of the first cycle.", { required: true, above: 0 }),
    tMult: number("Each cycle is this much longer than the one before.", { default: 1, min: 1 }),
    etaMin: number("The lowest rate.", { default: 0, min: 0 }),
  },
  example: { t0: 20, tMult: 2 },
  make:
    (lr, { t0, tMult, etaMin }) =>
    (k) => {
      const { elapsed, length } = cycleAt(k, t0, tMult);
      return cosineBetween(lr, etaMin, elapsed / length);
    },
});
