import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { clamp, cosineBetween, lerp } from "./formulas.ts";
import { badOption, choice, number } from "./options.ts";

const shapes = ["linear", "cosine", "exponential", "polynomial"] as const;

const curves: Readonly<
  Record<(typeof shapes)[number], (from: number, to: number, p: number, power: number) => number>
> = {
  linear: lerp,
  cosine: cosineBetween,
  exponential: (from, to, p) => from * (to / from) ** p,
  polynomial: (from, to, p, power) => from + (to - from) * p ** power,
};

const fastai = (name: string, shape: string) =>
  ({ name, library: "fastai", options: { start: "startLr", end: "endLr" }, preset: { shape } }) as const;

export const ramp: ScheduleRow = defineSchedule({
  name: "ramp",
  about: "Moves from one rate to another along a chosen curve and stays there.",
  formula: "startLr → endLr over steps: a line, half a cosine, startLr·(endLr/startLr)^p, or with p^power",
  source: { cite: "torch.optim.swa_utils.SWALR; fastai's SchedLin, SchedCos, SchedExp, SchedPoly" },
  elsewhere: [
    {
      name: "SWALR",
      library: "pytorch",
      options: { swa_lr: "endLr", anneal_epochs: "steps", anneal_strategy: "shape" },
      preset: { shape: "cosine", steps: 10 },
    },
    fastai("SchedLin", "linear"),
    fastai("SchedCos", "cosine"),
    fastai("SchedExp", "exponential"),
    fastai("SchedPoly", "polynomial"),
  ],
  options: {
    startLr: number("The rate at step 0.", { min: 0, otherwise: "lr" }),
    endLr: number("The rate at the end.", { required: true, min: 0 }),
    steps: number("Steps from one to the other; 0: at the end at once.", {
      required: true,
      min: 0,
      filledFrom: "totalSteps",
    }),
    shape: choice("The curve.", shapes, {
      default: "linear",
      synonyms: { cos: "cosine", exp: "exponential" },
    }),
    power: number("Exponent of the polynomial.", { default: 1, above: 0 }),
  },
  example: { endLr: 0.02, steps: 50, shape: "cosine" },
  make: (lr, { startLr, endLr, steps, shape, power }, { at }) => {
    const from = startLr ?? lr;
    if (shape === "exponential" && (from === 0 || endLr === 0))
      throw badOption(
        at,
        "shape",
        "an exponential ramp can't start or end at 0",
        "use a small positive rate",
      );
    return (k) => curves[shape](from, endLr, steps === 0 ? 1 : clamp(k / steps, 0, 1), power);
  },
});
