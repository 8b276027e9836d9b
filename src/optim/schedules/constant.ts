import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";

export const constant: ScheduleRow = defineSchedule({
  name: "constant",
  about: "The same rate at every step.",
  formula: "lr",
  source: { cite: "Robbins and Monro (1951) show why a constant rate only reaches a neighbourhood" },
  elsewhere: [
    { name: "constant", library: "hugging-face" },
    { name: "constant_schedule", library: "optax", options: { value: "lr" } },
    { name: "SchedNo", library: "fastai" },
  ],
  options: {},
  example: {},
  make: (lr) => () => lr,
});
