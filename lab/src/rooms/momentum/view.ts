import { int, list, number } from "../../lib/fields.ts";
import { STEPS } from "./facts.ts";

export const companions = ["plain", "average", "best"] as const;

export const fields = {
  /** PyTorch's rate. */
  lr: number({ default: 0.04, min: 0.0001, max: 4, log: true }),
  beta: number({ default: 0.9, min: 0, max: 0.999, step: 0.001 }),
  kappa: number({ default: 20, min: 1, max: 1000, log: true }),
  x: number({ default: -4, min: -5, max: 5 }),
  y: number({ default: 1, min: -2, max: 2 }),
  k: int({ default: STEPS, min: 0, max: STEPS }),
  with: list(companions, ["plain"]),
};
