import { choice, int, list, number, text, toggle } from "../../lib/fields.ts";
import { drawable } from "./design.ts";

const names = drawable.map((s) => s.name);

export const fields = {
  name: choice(names, "warmup-cosine"),
  /** The options as JSON; empty: the example's. */
  options: text("", { max: 2000 }),
  with: list(names, ["one-cycle", "cosine-warm-restarts"]),
  lr: number({ default: 0.1, min: 1e-6, max: 10, log: true }),
  steps: int({ default: 100, min: 10, max: 2000 }),
  epoch: int({ default: 10, min: 1, max: 500 }),
  /** How often the batch doubles over the run. */
  grow: int({ default: 0, min: 0, max: 5 }),
  log: toggle(false),
};
