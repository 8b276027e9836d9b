import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { fn } from "./options.ts";

export const multiplicative: ScheduleRow = defineSchedule({
  name: "multiplicative",
  about: "At each step times a factor that you write; a fractional step counts as the whole one before it.",
  formula: "lr·factor(1)·factor(2)·…·factor(k)",
  source: { cite: "torch.optim.lr_scheduler.MultiplicativeLR" },
  elsewhere: [{ name: "MultiplicativeLR", library: "pytorch", options: { lr_lambda: "factor" } }],
  options: { factor: fn("From the step, from 1, to the factor.", { required: true }) },
  example: { factor: () => 0.95 },
  make: (lr, { factor }) => {
    // The product so far is remembered, so that asking step after step costs one factor each; any order gives the same.
    let reached = 0;
    let product = 1;
    return (k) => {
      if (k < reached) {
        reached = 0;
        product = 1;
      }
      while (reached + 1 <= k) product *= factor(++reached);
      return lr * product;
    };
  },
});
