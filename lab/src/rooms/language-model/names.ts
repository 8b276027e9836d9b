/** What can be chosen. */
export const texts = ["alice", "sonnets", "die-verwandlung", "own"] as const;
export type Text = (typeof texts)[number];
export type Bundled = Exclude<Text, "own">;

export const textLabels: Readonly<Record<Text, string>> = {
  alice: "Alice in Wonderland",
  sonnets: "Shakespeare’s sonnets",
  "die-verwandlung": "Kafka, in German",
  own: "your own text",
};

/** How a sample begins, in characters that the text has. */
export const prompts: Readonly<Record<Bundled, string>> = {
  alice: "Alice was ",
  sonnets: "Shall I ",
  "die-verwandlung": "Gregor ",
};

export const optimizers = ["adamw", "adam", "sgd-momentum", "sgd", "rmsprop", "lion", "muon"] as const;
export const schedules = ["warmup-cosine", "constant", "warmup-linear", "inverse-sqrt"] as const;
