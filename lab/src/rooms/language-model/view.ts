import { computers } from "../../lib/computers.ts";
import { choice, int, number, text } from "../../lib/fields.ts";
import { optimizers, prompts, schedules, texts } from "./names.ts";

const MAX_STEPS = 20_000;

export const fields = {
  text: choice(texts, "alice"),
  layers: int({ default: 2, min: 1, max: 6 }),
  width: int({ default: 48, min: 4, max: 256, step: 4 }),
  heads: int({ default: 4, min: 1, max: 8 }),
  /** Characters that the model sees. */
  context: int({ default: 32, min: 4, max: 128 }),
  batch: int({ default: 8, min: 1, max: 64 }),
  optimizer: choice(optimizers, "adamw"),
  lr: number({ default: 0.01, min: 1e-5, max: 10, log: true }),
  schedule: choice(schedules, "warmup-cosine"),
  steps: int({ default: 2000, min: 10, max: MAX_STEPS }),
  seed: int({ default: 1, min: 0, max: 1e6 }),
  on: choice(computers, "auto"),
  /** Steps made: an address with them trains so far by itself. */
  k: int({ default: 0, min: 0, max: MAX_STEPS }),
  /** Rates of this run where they were changed: "0:0.01,400:0.003". */
  rates: text("", { max: 1000 }),
  /** How a sample begins, */
  prompt: text(prompts.alice, { max: 200 }),
  /** and how boldly it goes on: 0 always writes what is most probable. */
  temperature: number({ default: 0.8, min: 0, max: 2, step: 0.05 }),
  /** The layer whose attention is shown. */
  layer: int({ default: 1, min: 1, max: 6 }),
};
