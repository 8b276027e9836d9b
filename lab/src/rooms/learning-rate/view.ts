import { choice, int, number } from "../../lib/fields.ts";

export const problems = ["as-written", "flipped", "squared"] as const;
/** The lesson's rates and colours' order: too high, good, too low. */
const rate = (first: number) => number({ default: first, min: 1e-4, max: 100, log: true });

export const optimizers = ["sgd", "sgd-momentum", "adam", "adamw", "rmsprop", "lion"] as const;

export const fields = {
  problem: choice(problems, "as-written"),
  high: rate(5),
  middle: rate(0.5),
  low: rate(0.001),
  epochs: int({ default: 500, min: 20, max: 2000 }),
  optimizer: choice(optimizers, "sgd"),
  hidden: int({ default: 32, min: 8, max: 128 }),
  seeds: int({ default: 1, min: 1, max: 8 }),
  seed: int({ default: 1, min: 0, max: 1e6 }),
};

/** At most four digits, and words for what is no number. */
export const show = (x: number | null | undefined): string =>
  x === null || x === undefined
    ? "–"
    : !Number.isFinite(x)
      ? "not a number"
      : String(Number(x.toPrecision(4))).replace("-", "−");
