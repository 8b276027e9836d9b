import { computers } from "../../lib/computers.ts";
import { choice, int, number, text } from "../../lib/fields.ts";
import { dataSets, models, optimizers, paces, planes, schedules } from "./names.ts";

export const MAX_STEPS = 5000;
export const kinds = ["any", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;
/** Digits that the network never trains on. */
export const UNSEEN = 2000;

export const fields = {
  data: choice(dataSets, "digits"),
  /** Column to learn of the reader's own table; "": the last, once there is one. */
  target: text("", { max: 100 }),
  model: choice(models, "mlp"),
  hidden: int({ default: 32, min: 1, max: 256 }),
  optimizer: choice(optimizers, "sgd-momentum"),
  lr: number({ default: 0.05, min: 1e-5, max: 10, log: true }),
  schedule: choice(schedules, "constant"),
  batch: int({ default: 64, min: 1, max: 512 }),
  steps: int({ default: 600, min: 10, max: MAX_STEPS }),
  seed: int({ default: 1, min: 0, max: 1e6 }),
  on: choice(computers, "auto"),
  /** Steps a second while it is watched. */
  pace: choice(paces, "30"),
  /** Steps made: an address with them trains so far by itself. */
  k: int({ default: 0, min: 0, max: MAX_STEPS }),
  /** Rates and optimizers of this run where they were changed: "0:0.05,120:0.01:adam". */
  rates: text("", { max: 1000 }),
  /** Which unseen digit is shown. */
  digit: int({ default: 0, min: 0, max: UNSEEN - 1 }),
  /** Mistakes to look for: what it is, and what it is taken for. */
  is: choice(kinds, "any"),
  as: choice(kinds, "any"),
  /** The reader's own digit; see ink.ts. */
  ink: text("", { max: 3000 }),
  /** How the loss around the weights is cut. */
  plane: choice(planes, "path"),
  /** The comparison of optimizers. */
  budget: int({ default: 200, min: 20, max: 2000 }),
  seeds: int({ default: 2, min: 1, max: 8 }),
};
