import { choice, int, number } from "../../lib/fields.ts";

export const shapes = ["strong", "flat", "worst", "saddle"] as const;
export type Shape = (typeof shapes)[number];
export const starts = ["all", "flattest", "steepest"] as const;

export const fields = {
  shape: choice(shapes, "strong"),
  start: choice(starts, "all"),
  /** Learning rate times L. */
  rate: number({ default: 1, min: 0.01, max: 2.5 }),
  kappa: number({ default: 100, min: 2, max: 10_000, log: true }),
  /** The step that the worst case is worst for. */
  aim: int({ default: 100, min: 1, max: 1000 }),
  steps: int({ default: 1000, min: 10, max: 10_000 }),
  k: int({ default: 500, min: 1, max: 10_000 }),
  axis: choice(["fitting", "linear", "log"], "fitting"),
};
