import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { number, numbers } from "./options.ts";

export const multiStep: ScheduleRow = defineSchedule({
  name: "multi-step",
  about: "Falls by a factor at each milestone; a milestone given twice counts twice.",
  formula: "lr·gamma^#{m ∈ milestones : m ≤ k}",
  source: { cite: "torch.optim.lr_scheduler.MultiStepLR" },
  elsewhere: [{ name: "MultiStepLR", library: "pytorch" }],
  options: {
    milestones: numbers("Steps at which the rate falls.", { required: true, min: 0, ascending: true }),
    gamma: number("The factor.", { default: 0.1, above: 0 }),
  },
  example: { milestones: [30, 80] },
  make:
    (lr, { milestones, gamma }) =>
    (k) =>
      lr * gamma ** milestones.filter((m) => m <= k).length,
});
