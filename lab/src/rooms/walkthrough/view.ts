import { choice, int, number, toggle } from "../../lib/fields.ts";

export const EPOCHS = { min: 50, max: 5000 } as const;

export const fields = {
  sgd: number({ default: 0.001, min: 1e-5, max: 10, log: true }),
  adam: number({ default: 0.01, min: 1e-5, max: 10, log: true }),
  epochs: int({ default: 500, min: EPOCHS.min, max: EPOCHS.max }),
  standardise: toggle(false),
  start: choice(["lesson", "zeros"], "lesson"),
  loss: choice(["bce", "bce-with-logits"], "bce"),
};

/** What the lesson's page prints beside its program. */
export const printed = { sgd: 0.48, adam: 0.05 } as const;
