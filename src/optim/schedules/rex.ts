import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { number } from "./options.ts";
import { totalSteps } from "./warmup.ts";

export const rex: ScheduleRow = defineSchedule({
  name: "rex",
  about: "Reflected exponential: slow at first, fast at the end; made for short budgets.",
  formula: "minLr + (lr − minLr)·(1 − p)/(½ + ½(1 − p)), p = k/totalSteps; then minLr",
  source: { cite: "Chen et al. (2021), arXiv 2107.04197; pytorch_optimizer's REXScheduler" },
  elsewhere: [
    {
      name: "REXScheduler",
      library: "pytorch-optimizer",
      options: { total_steps: "totalSteps", max_lr: "lr", min_lr: "minLr" },
    },
  ],
  options: { totalSteps, minLr: number("The rate at the end.", { default: 0, min: 0 }) },
  example: { totalSteps: 100 },
  make:
    (lr, { totalSteps: total, minLr }) =>
    (k) => {
      if (k >= total) return minLr;
      const left = 1 - k / total;
      return minLr + ((lr - minLr) * left) / (0.5 + left / 2);
    },
});
