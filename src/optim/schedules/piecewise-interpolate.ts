import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { between } from "./formulas.ts";
import { badOption, choice, numbers } from "./options.ts";
import type { Schedule } from "./types.ts";

interface Corner {
  readonly step: number;
  readonly value: number;
}

/** Through the corners in ascending order of step; the last value stays. */
export function interpolate(corners: readonly Corner[], curve: "linear" | "cosine"): Schedule {
  const last = corners[corners.length - 1]!;
  return (k) => {
    const i = corners.findIndex(({ step }) => k < step);
    const [from, to] = [corners[i - 1], corners[i]];
    if (from === undefined || to === undefined) return i === 0 ? corners[0]!.value : last.value;
    return between[curve](from.value, to.value, (k - from.step) / (to.step - from.step));
  };
}

export const piecewiseInterpolate: ScheduleRow = defineSchedule({
  name: "piecewise-interpolate",
  about: "Moves from corner to corner; each corner's rate is the one before times its scale.",
  formula: "lr·scales[0]·…·scales[i] at boundaries[i]; between them a line or half a cosine",
  source: { cite: "optax.piecewise_interpolate_schedule" },
  elsewhere: [
    {
      name: "piecewise_interpolate_schedule",
      library: "optax",
      options: { init_value: "lr", interpolate_type: "interpolation" },
    },
  ],
  options: {
    boundaries: numbers("Steps of the corners after step 0.", { required: true, above: 0, ascending: true }),
    scales: numbers("What each corner multiplies the rate by.", { required: true, min: 0 }),
    interpolation: choice("Curve between corners.", ["linear", "cosine"], { default: "linear" }),
  },
  example: { boundaries: [40, 80], scales: [0.1, 0.01] },
  make: (lr, { boundaries, scales, interpolation }, { at }) => {
    if (scales.length !== boundaries.length)
      throw badOption(
        at,
        "scales",
        `${scales.length} scales for ${boundaries.length} boundaries`,
        "give one each",
      );
    let value = lr;
    const corners = boundaries.map((step, i) => ({ step, value: (value *= scales[i]!) }));
    return interpolate([{ step: 0, value: lr }, ...corners], interpolation);
  },
});
