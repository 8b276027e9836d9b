/** What can be chosen. */
export const dataSets = ["digits", "spirals", "circles", "csv"] as const;
export const models = ["mlp", "mlp2", "cnn"] as const;
export const optimizers = ["sgd", "sgd-momentum", "adam", "adamw", "rmsprop", "lion", "muon"] as const;
export const schedules = ["constant", "warmup-cosine", "warmup-linear", "inverse-sqrt"] as const;
/** Steps a second; full is as fast as the machine goes. */
export const paces = ["1", "5", "30", "120", "full"] as const;
export const planes = ["path", "random", "hessian"] as const;

/** Settings with which each data set is learnt while you look. */
export const suits = {
  digits: { model: "mlp", hidden: 32, optimizer: "sgd-momentum", lr: 0.05, batch: 64, steps: 600 },
  spirals: { model: "mlp2", hidden: 32, optimizer: "adam", lr: 0.01, batch: 64, steps: 3000 },
  circles: { model: "mlp", hidden: 8, optimizer: "adam", lr: 0.03, batch: 64, steps: 300 },
  csv: { model: "mlp", hidden: 16, optimizer: "adam", lr: 0.01, batch: 32, steps: 600 },
} as const;
