import { cosineDecayFrom } from "./cosine-decay.ts";
import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { badOption, number, records } from "./options.ts";
import { warmupSteps } from "./warmup.ts";

export const sgdr: ScheduleRow = defineSchedule({
  name: "sgdr",
  about: "Warm-up and cosine fall again and again, each cycle with its own peak, length and floor.",
  formula: "cosine-decay cycle by cycle; the last one's floor stays",
  source: { cite: "Loshchilov and Hutter (2017), SGDR; optax.sgdr_schedule" },
  elsewhere: [
    {
      name: "sgdr_schedule",
      library: "optax",
      options: { cosine_kwargs: "cycles" },
      adapt: ({ cycles, ...rest }) => ({
        ...rest,
        cycles: Array.isArray(cycles) ? cycles.map(fromOptax) : cycles,
      }),
    },
  ],
  options: {
    cycles: records("The cycles in their order.", {
      steps: number("Length of the cycle, warm-up included.", { required: true, above: 0 }),
      peakLr: number("The rate after the warm-up.", { min: 0, otherwise: "lr" }),
      warmupSteps,
      startLr: number("The rate at the start of the warm-up.", { default: 0, min: 0 }),
      endLr: number("The rate at the end.", { default: 0, min: 0 }),
      exponent: number("Power of the cosine.", { default: 1, above: 0 }),
    }),
  },
  example: {
    cycles: [
      { steps: 30, warmupSteps: 5 },
      { steps: 60, warmupSteps: 5, peakLr: 0.05, endLr: 0.001 },
    ],
  },
  make: (lr, { cycles }, { at }) => {
    let end = 0;
    const parts = cycles.map(({ steps, peakLr: peak, endLr, ...shape }, i) => {
      if (shape.warmupSteps >= steps)
        throw badOption(at, `cycles[${i}].warmupSteps`, `the warm-up takes all ${steps} steps of the cycle`);
      const peakLr = peak ?? lr;
      const start = end;
      end += steps;
      const alpha = peakLr === 0 ? 0 : endLr / peakLr;
      const decaySteps = steps - shape.warmupSteps;
      return { start, at: cosineDecayFrom({ ...shape, peakLr, decaySteps, alpha }) };
    });
    const first = parts[0]!; // records() admits no empty list
    return (k) => {
      const part = parts.findLast(({ start }) => start <= k) ?? first;
      return part.at(k - part.start);
    };
  },
});

const optaxFields: Readonly<Record<string, string>> = {
  init_value: "startLr",
  peak_value: "peakLr",
  warmup_steps: "warmupSteps",
  decay_steps: "steps",
  end_value: "endLr",
};

function fromOptax(cycle: unknown): unknown {
  if (typeof cycle !== "object" || cycle === null) return cycle;
  return Object.fromEntries(Object.entries(cycle).map(([key, value]) => [optaxFields[key] ?? key, value]));
}
