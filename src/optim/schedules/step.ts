import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { number } from "./options.ts";

export const step: ScheduleRow = defineSchedule({
  name: "step",
  about: "Falls by a factor every stepSize steps.",
  formula: "lr·gamma^⌊k/stepSize⌋",
  source: { cite: "torch.optim.lr_scheduler.StepLR" },
  elsewhere: [{ name: "StepLR", library: "pytorch", options: { step_size: "stepSize" } }],
  options: {
    stepSize: number("Steps between two falls.", { required: true, above: 0 }),
    gamma: number("The factor.", { default: 0.1, above: 0 }),
  },
  example: { stepSize: 30 },
  make:
    (lr, { stepSize, gamma }) =>
    (k) =>
      lr * gamma ** Math.floor(k / stepSize),
});
