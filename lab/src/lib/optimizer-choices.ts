/** The optimizers that rooms with a run file let you choose: their name in addresses, on the page and in the run file. */
const choices = {
  sgd: { label: "SGD", settings: { name: "sgd" } },
  "sgd-momentum": { label: "SGD, momentum 0.9", settings: { name: "sgd", momentum: 0.9 } },
  adam: { label: "Adam", settings: { name: "adam" } },
  adamw: { label: "AdamW", settings: { name: "adamw" } },
  rmsprop: { label: "RMSprop", settings: { name: "rmsprop" } },
  lion: { label: "Lion", settings: { name: "lion" } },
  muon: { label: "Muon", settings: { name: "muon" } },
} as const;

export type OptimizerChoice = keyof typeof choices;

/** What stands in the list of choices. */
export const optimizerLabels = Object.fromEntries(
  Object.entries(choices).map(([key, { label }]) => [key, label]),
) as Readonly<Record<OptimizerChoice, string>>;

/** A run file's `optimizer`, without its rate. */
export const optimizerSettings = (
  chosen: OptimizerChoice,
): { readonly name: string; readonly momentum?: number } => choices[chosen].settings;
