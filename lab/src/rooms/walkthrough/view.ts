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

export const FEATURES = 3;
/** Sizes of the features as the lesson makes them. */
export const sizes = [1, 100, 0.01] as const;

/**
 * What each feature has in the decision: |weight|·size over the sum of all. The classes follow the weights
 * (1, 0.01, 100), so each should have a third.
 */
export function sharesOf(weights: ArrayLike<number>, standardised: boolean): number[] {
  const parts = sizes.map((size, j) => Math.abs(weights[j]!) * (standardised ? 1 : size));
  const whole = parts.reduce((a, b) => a + b, 0);
  return parts.map((p) => (whole > 0 ? p / whole : 0));
}

/** What the lesson's page prints beside its program. */
export const printed = { sgd: 0.48, adam: 0.05 } as const;
