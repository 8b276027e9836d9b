import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { number } from "./options.ts";

export const exponential: ScheduleRow = defineSchedule({
  name: "exponential",
  about: "Falls by the same factor at every step.",
  formula: "lr·gamma^k",
  source: { cite: "torch.optim.lr_scheduler.ExponentialLR" },
  elsewhere: [{ name: "ExponentialLR", library: "pytorch" }],
  options: { gamma: number("The factor of one step.", { required: true, above: 0 }) },
  example: { gamma: 0.95 },
  make:
    (lr, { gamma }) =>
    (k) =>
      lr * gamma ** k,
});
