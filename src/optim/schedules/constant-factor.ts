import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { number } from "./options.ts";

export const constantFactor: ScheduleRow = defineSchedule({
  name: "constant-factor",
  about: "A fixed share of the rate for the first steps, then the whole rate.",
  formula: "lr·factor for k < totalIters, then lr",
  source: { cite: "torch.optim.lr_scheduler.ConstantLR" },
  elsewhere: [{ name: "ConstantLR", library: "pytorch", options: { total_iters: "totalIters" } }],
  options: {
    factor: number("Share of the rate in the first steps.", { default: 1 / 3, min: 0, max: 1 }),
    totalIters: number("Steps for which the factor holds.", { default: 5, min: 0 }),
  },
  example: { factor: 0.5, totalIters: 20 },
  make:
    (lr, { factor, totalIters }) =>
    (k) =>
      k < totalIters ? lr * factor : lr,
});
