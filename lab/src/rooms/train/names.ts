/** What can be chosen. */
export const models = ["mlp", "cnn"] as const;
export const optimizers = ["sgd", "sgd-momentum", "adam", "adamw", "rmsprop", "lion", "muon"] as const;
export const optimizerNames: Readonly<Record<(typeof optimizers)[number], string>> = {
  sgd: "SGD",
  "sgd-momentum": "SGD, momentum 0.9",
  adam: "Adam",
  adamw: "AdamW",
  rmsprop: "RMSprop",
  lion: "Lion",
  muon: "Muon",
};
export const schedules = ["constant", "warmup-cosine", "warmup-linear", "inverse-sqrt"] as const;
