import { int, list, number } from "../../lib/fields.ts";

export const DOMAIN = { x: [-10, 10], y: [-6, 6] } as const;
/** Level lines beyond it, for a stage with room to spare. */
export const GROUND = { x: [-10, 10], y: [-9, 9] } as const;

export const STEPS = 40;

export const companions = ["tiny", "fastest", "momentum"] as const;

export const fields = {
  lr: number({ default: 0.19, min: 0.001, max: 1, log: true }),
  x: number({ default: -9, min: -10, max: 10 }),
  y: number({ default: 2.5, min: -6, max: 6 }),
  kappa: number({ default: 10, min: 2, max: 50, log: true }),
  k: int({ default: STEPS, min: 0, max: STEPS }),
  with: list(companions, ["tiny", "fastest"]),
};
