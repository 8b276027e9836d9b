import { defineSchedule } from "./define.ts";
import type { ScheduleEntry } from "./entry.ts";
import { number } from "./options.ts";

export const exponential: ScheduleEntry = defineSchedule({
  name: "exponential",
  description: "Falls by the same factor at every step.",
  formula: "lr·gamma^k",
  reference: "torch.optim.lr_scheduler.ExponentialLR",
  aliases: [{ name: "ExponentialLR", library: "pytorch" }],
  options: { gamma: number("The factor of one step.", { required: true, above: 0 }) },
  example: { gamma: 0.95 },
  make:
    (lr, { gamma }) =>
    (k) =>
      lr * gamma ** k,
});
