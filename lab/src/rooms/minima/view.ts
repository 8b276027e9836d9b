import { choice, int, number } from "../../lib/fields.ts";

export const WELLS = { x: [-3, 5] } as const;
export const VALLEY = { x: [-1.5, 5.5], y: [-4, 3.5] } as const;

export const STEPS = 2000;
/** Bars of the histogram. */
export const BINS = 64;
export const starts = ["sharp", "flat", "beside", "anywhere"] as const;

export const fields = {
  /** The double well: noise, rate and momentum. */
  lr: number({ default: 0.02, min: 0.001, max: 0.5, log: true }),
  beta: number({ default: 0.9, min: 0, max: 0.95, step: 0.05 }),
  sigma: number({ default: 3, min: 0, max: 8, step: 0.1 }),
  from: choice(starts, "sharp"),
  seed: int({ default: 1, min: 0, max: 1e6 }),
  k: int({ default: 400, min: 0, max: STEPS }),
  /** The valley ½(uv − 1)². */
  rate: number({ default: 0.2, min: 0.005, max: 0.6, log: true }),
  memory: number({ default: 0, min: 0, max: 0.95, step: 0.05 }),
  labels: number({ default: 0, min: 0, max: 1, step: 0.05 }),
};
