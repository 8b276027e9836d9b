import type { Thumb } from "../../lib/thumb.ts";
import { curveOf, entryOf, exampleOptions } from "./design.ts";
import { fields } from "./view.ts";

export function thumb(): Thumb {
  const [lr, totalSteps] = [fields.lr.default, fields.steps.default];
  const names = [fields.name.default, ...fields.with.default];
  return {
    x: [-2, totalSteps],
    y: [-0.08 * lr, 1.15 * lr],
    paths: names.map((name, slot) => {
      const { lrs } = curveOf(name, exampleOptions(entryOf(name)), {
        lr,
        totalSteps,
        stepsPerEpoch: fields.epoch.default,
      });
      return { points: Array.from(lrs).flatMap((rate, k) => [k, rate]), slot };
    }),
  };
}
