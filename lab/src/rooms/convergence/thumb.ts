import { logCurve, type Thumb } from "../../lib/thumb.ts";
import { fields } from "./view.ts";
import { measure } from "./worker.ts";

const STEPS = 500;
const LOWEST = 1e-7;

export function thumb(): Thumb {
  const { gap, bounds } = measure({
    shape: "strong",
    start: "all",
    rate: fields.rate.default,
    kappa: fields.kappa.default,
    aim: fields.aim.default,
    steps: STEPS,
  });
  return {
    x: [0, STEPS],
    y: [Math.log10(LOWEST), 1.6],
    still: bounds.flatMap((b, i) =>
      b.values ? [{ points: logCurve(b.values, LOWEST, 5), slot: i + 1 }] : [],
    ),
    paths: [{ points: logCurve(gap, LOWEST, 5), slot: 0 }],
  };
}
