import { badOption, integer, number, type OptionSpec } from "./options.ts";

export const totalSteps: OptionSpec<number> = number("Steps of the whole run, warm-up included.", {
  required: true,
  above: 0,
  filledFrom: "totalSteps",
});

export const totalStepsForRatio: OptionSpec<number | null> = number(
  "Steps of the whole run; only for warmupRatio.",
  {
    above: 0,
    filledFrom: "totalSteps",
  },
);

export const warmupSteps: OptionSpec<number> = integer("Steps of warm-up.", { default: 0, min: 0 });

export const warmupRatio: OptionSpec<number | null> = number(
  "Warm-up as a share of totalSteps; used when warmupSteps is 0, rounded up.",
  { min: 0, max: 1 },
);

/** Hugging Face's rule: the number of steps wins over the ratio. */
export function warmupLength(
  options: {
    readonly warmupSteps: number;
    readonly warmupRatio: number | null;
    readonly totalSteps: number | null;
  },
  at: string,
): number {
  if (options.warmupSteps > 0 || options.warmupRatio === null) return options.warmupSteps;
  if (options.totalSteps === null)
    throw badOption(
      at,
      "warmupRatio",
      "warmupRatio needs totalSteps",
      "give totalSteps, or warmupSteps instead",
    );
  return Math.ceil(options.warmupRatio * options.totalSteps);
}

/** Hugging Face's option names → ours. */
export const huggingFaceOptions: Readonly<Record<string, string>> = {
  num_warmup_steps: "warmupSteps",
  warmup_steps: "warmupSteps",
  warmup_ratio: "warmupRatio",
  num_training_steps: "totalSteps",
};
