import { choice, int, number } from "../../lib/fields.ts";
import { N, STEPS, samplings } from "./facts.ts";

export const fields = {
  batch: int({ default: 8, min: 1, max: N }),
  lr: number({ default: 0.2, min: 0.01, max: 4, log: true }),
  sampling: choice(samplings, "epochs"),
  x: number({ default: -2, min: -2.6, max: 2.6 }),
  y: number({ default: 1.5, min: -2.4, max: 2 }),
  seed: int({ default: 1, min: 0, max: 999 }),
  k: int({ default: STEPS, min: 0, max: STEPS }),
  axis: choice(["steps", "samples"], "steps"),
  sigma: number({ default: 0.01, min: 0, max: 1 }),
};
