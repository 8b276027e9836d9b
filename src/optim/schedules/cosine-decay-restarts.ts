import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { cosineFall, cycleAt } from "./formulas.ts";
import { number } from "./options.ts";

export const cosineDecayRestarts: ScheduleRow = defineSchedule({
  name: "cosine-decay-restarts",
  about: "Cosine falls that start over, each longer (tMul) and from a lower peak (mMul), above a floor.",
  formula: "lr·((1 − alpha)·½·mMulⁱ·(1 + cos(πT/Tᵢ)) + alpha), Tᵢ = firstDecaySteps·tMulⁱ",
  source: { cite: "Loshchilov and Hutter (2017), SGDR; keras.optimizers.schedules.CosineDecayRestarts" },
  elsewhere: [
    {
      name: "CosineDecayRestarts",
      library: "keras",
      options: {
        initial_learning_rate: "lr",
        first_decay_steps: "firstDecaySteps",
        t_mul: "tMul",
        m_mul: "mMul",
      },
    },
  ],
  options: {
    firstDecaySteps: number("Length of the first cycle.", { required: true, above: 0 }),
    tMul: number("Each cycle is this much longer than the one before.", { default: 2, min: 1 }),
    mMul: number("Each peak is this share of the one before.", { default: 1, min: 0 }),
    alpha: number("Floor as a share of lr.", { default: 0, min: 0, max: 1 }),
  },
  example: { firstDecaySteps: 15, mMul: 0.8 },
  make:
    (lr, { firstDecaySteps, tMul, mMul, alpha }) =>
    (k) => {
      const { index, elapsed, length } = cycleAt(k, firstDecaySteps, tMul);
      return lr * ((1 - alpha) * mMul ** index * cosineFall(elapsed / length) + alpha);
    },
});
