import { defineSchedule } from "./define.ts";
import type { ScheduleEntry } from "./entry.ts";

export const constant: ScheduleEntry = defineSchedule({
  name: "constant",
  description: "The same rate at every step.",
  formula: "lr",
  reference: "Robbins and Monro (1951) show why a constant rate only reaches a neighbourhood",
  aliases: [
    { name: "constant", library: "hugging-face" },
    { name: "constant_schedule", library: "optax", options: { value: "lr" } },
    { name: "SchedNo", library: "fastai" },
  ],
  options: {},
  example: {},
  make: (lr) => () => lr,
});
