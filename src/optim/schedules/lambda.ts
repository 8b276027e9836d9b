import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { fn } from "./options.ts";

export const lambda: ScheduleRow = defineSchedule({
  name: "lambda",
  about: "The rate times a function of the step that you write.",
  formula: "lr·factor(k)",
  source: { cite: "torch.optim.lr_scheduler.LambdaLR" },
  elsewhere: [{ name: "LambdaLR", library: "pytorch", options: { lr_lambda: "factor" } }],
  options: { factor: fn("From the step to the factor.", { required: true }) },
  example: { factor: (k: number) => 0.95 ** k },
  make:
    (lr, { factor }) =>
    (k) =>
      lr * factor(k),
});
