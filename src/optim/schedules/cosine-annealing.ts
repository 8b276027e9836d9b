import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { cosineBetween } from "./formulas.ts";
import { number } from "./options.ts";

export const cosineAnnealing: ScheduleRow = defineSchedule({
  name: "cosine-annealing",
  about:
    "Falls to etaMin along half a cosine in tMax steps; after tMax it climbs back along the same cosine.",
  formula: "etaMin + ½(lr − etaMin)(1 + cos(πk/tMax))",
  source: {
    cite: "Loshchilov and Hutter (2017), SGDR, eq. 5, arXiv 1608.03983; torch.optim.lr_scheduler.CosineAnnealingLR",
  },
  elsewhere: [
    {
      name: "CosineAnnealingLR",
      library: "pytorch",
      options: { T_max: "tMax", eta_min: "etaMin" },
    },
  ],
  options: {
    tMax: number("Steps from lr to etaMin.", { required: true, above: 0, filledFrom: "totalSteps" }),
    etaMin: number("The lowest rate.", { default: 0, min: 0 }),
  },
  example: { tMax: 100, etaMin: 1e-6 },
  make:
    (lr, { tMax, etaMin }) =>
    (k) =>
      cosineBetween(lr, etaMin, k / tMax),
});
