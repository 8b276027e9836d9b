import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { clamp, lerp } from "./formulas.ts";
import { number } from "./options.ts";

export const linearFactor: ScheduleRow = defineSchedule({
  name: "linear-factor",
  about: "The share of the rate moves on a straight line and then stays; PyTorch's warm-up.",
  formula: "lr·(startFactor + (endFactor − startFactor)·min(k/totalIters, 1))",
  source: { cite: "torch.optim.lr_scheduler.LinearLR" },
  elsewhere: [
    {
      name: "LinearLR",
      library: "pytorch",
      options: { start_factor: "startFactor", end_factor: "endFactor", total_iters: "totalIters" },
    },
  ],
  options: {
    startFactor: number("Share of the rate at step 0.", { default: 1 / 3, above: 0, max: 1 }),
    endFactor: number("Share of the rate at the end.", { default: 1, min: 0, max: 1 }),
    totalIters: number("Steps from one to the other.", { default: 5, above: 0 }),
  },
  example: { startFactor: 0.1, totalIters: 20 },
  make:
    (lr, { startFactor, endFactor, totalIters }) =>
    (k) =>
      lr * lerp(startFactor, endFactor, clamp(k / totalIters, 0, 1)),
});
