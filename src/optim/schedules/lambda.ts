import { defineSchedule } from "./define.ts";
import type { ScheduleEntry } from "./entry.ts";
import { fn } from "./options.ts";

export const lambda: ScheduleEntry = defineSchedule({
  name: "lambda",
  description: "The rate times a function of the step that you write.",
  formula: "lr·factor(k)",
  reference: "torch.optim.lr_scheduler.LambdaLR",
  aliases: [{ name: "LambdaLR", library: "pytorch", options: { lr_lambda: "factor" } }],
  options: { factor: fn("From the step to the factor.", { required: true }) },
  example: { factor: (k: number) => 0.95 ** k },
  make:
    (lr, { factor }) =>
    (k) =>
      lr * factor(k),
});
