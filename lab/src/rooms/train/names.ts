/** What can be chosen. */
export const models = ["mlp", "cnn"] as const;
export const optimizers = ["sgd", "sgd-momentum", "adam", "adamw", "rmsprop", "lion", "muon"] as const;
export const schedules = ["constant", "warmup-cosine", "warmup-linear", "inverse-sqrt"] as const;
