/** Words for the options that many optimizers have. */
import { flag, number, type OptionSpec } from "../run/options.ts";

/** The learning rate; PyTorch's default. */
export const lr = (value: number, description = "learning rate"): OptionSpec<number> =>
  number(value, description, { above: 0 });

/** Decay rates in [0, 1). */
export const betas = <B extends readonly number[]>(value: B, description: string): OptionSpec<B> => ({
  type: "numbers",
  length: value.length,
  default: value,
  description,
  min: 0,
  below: 1,
});

export const beta = (value: number, description: string): OptionSpec<number> =>
  number(value, description, { min: 0, below: 1 });

export const eps = (value: number, description = "keeps the denominator from zero"): OptionSpec<number> =>
  number(value, description, { min: 0 });

export const weightDecay = (value: number, description: string): OptionSpec<number> =>
  number(value, description, { min: 0 });

export const maximize: OptionSpec<boolean> = flag("climb instead of descend");
