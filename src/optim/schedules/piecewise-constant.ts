import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { badOption, choice, numbers } from "./options.ts";

export const piecewiseConstant: ScheduleRow = defineSchedule({
  name: "piecewise-constant",
  about: "A staircase: given rates, or scales that multiply up, between given steps.",
  formula: "values[i], or lr·scales[0]·…·scales[i − 1], with i boundaries passed",
  source: { cite: "optax.piecewise_constant_schedule; keras.optimizers.schedules.PiecewiseConstantDecay" },
  elsewhere: [
    { name: "piecewise_constant_schedule", library: "optax", options: { init_value: "lr" } },
    { name: "PiecewiseConstantDecay", library: "keras", preset: { boundaryStep: "before" } },
  ],
  options: {
    boundaries: numbers("Steps at which the rate changes.", { required: true, min: 0, ascending: true }),
    values: numbers("The rates, one more than boundaries; lr is not used.", { min: 0 }),
    scales: numbers("Instead of values: what each boundary multiplies the rate by.", { min: 0 }),
    boundaryStep: choice(
      "Which side the step at a boundary is on: after (PyTorch, optax), before (Keras).",
      ["after", "before"],
      {
        default: "after",
      },
    ),
  },
  example: { boundaries: [30, 60], scales: [0.1, 0.5] },
  make: (lr, { boundaries, values, scales, boundaryStep }, { at }) => {
    if ((values === null) === (scales === null))
      throw badOption(
        at,
        "values",
        "piecewise-constant needs either values or scales",
        "give one of the two",
      );
    let level = lr;
    const levels = values ?? [lr, ...(scales ?? []).map((factor) => (level *= factor))];
    if (levels.length !== boundaries.length + 1)
      throw badOption(
        at,
        values ? "values" : "scales",
        values
          ? `${values.length} values for ${boundaries.length} boundaries`
          : `${levels.length - 1} scales for ${boundaries.length} boundaries`,
        values ? "give one value more than boundaries" : "give one scale a boundary",
      );
    const passed =
      boundaryStep === "after" ? (b: number, k: number) => b <= k : (b: number, k: number) => b < k;
    return (k) => levels[boundaries.filter((b) => passed(b, k)).length]!;
  },
});
