import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { number } from "./options.ts";

export const noam: ScheduleRow = defineSchedule({
  name: "noam",
  about: "The Transformer paper's: linear warm-up, then like 1/√k; lr is a factor (1 in the paper).",
  formula: "lr·dModel^−½·min(t^−½, t·warmupSteps^−1.5), t = k + 1",
  source: { cite: "Vaswani et al. (2017), Attention Is All You Need, eq. 3, arXiv 1706.03762" },
  elsewhere: [],
  options: {
    dModel: number("Width of the model.", { required: true, above: 0 }),
    warmupSteps: number("Steps of warm-up.", { default: 4000, above: 0 }),
  },
  example: { dModel: 512, warmupSteps: 40 },
  make:
    (lr, { dModel, warmupSteps }) =>
    (k) =>
      (lr / Math.sqrt(dModel)) * Math.min((k + 1) ** -0.5, (k + 1) * warmupSteps ** -1.5),
});
