import { choice, int, text, toggle } from "../../lib/fields.ts";

/** Real logs that come with the page; `own` is what the reader brought. */
export const examples = [
  "sweep",
  "diverged",
  "spikes",
  "staircase",
  "recovered",
  "too-low",
  "short",
  "own",
] as const;
export type Example = (typeof examples)[number];

export const scales = ["auto", "linear", "log"] as const;

export const fields = {
  example: choice(examples, "sweep"),
  /** Which of the runs is shown in full. */
  run: int({ default: 0, min: 0, max: 9999 }),
  /** Names of series; empty: the reader's own choice. */
  loss: text("", { max: 200 }),
  lr: text("", { max: 200 }),
  compare: toggle(true),
  scale: choice(scales, "auto"),
  /** A kind of finding that the curve is cut to. */
  zoom: text("", { max: 60 }),
};
