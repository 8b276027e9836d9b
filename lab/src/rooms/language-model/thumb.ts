import type { Thumb } from "../../lib/thumb.ts";
import { prompts } from "./names.ts";
import { fields } from "./view.ts";
import { go, open, setWish } from "./worker.ts";

/** Steps between two samples, and samples: as many as a card is worth. */
const [EVERY, SAMPLES] = [50, 3];
const LENGTH = 230;

/** A small model writes before it has learnt anything, and while it learns. */
export async function thumb(): Promise<Thumb> {
  const wish = { prompt: prompts.alice, temperature: 0.6 };
  setWish(wish);
  const asked = {
    text: "alice",
    layers: 1,
    width: 32,
    heads: 2,
    context: 16,
    batch: 8,
    optimizer: fields.optimizer.default,
    schedule: "constant",
    steps: EVERY * SAMPLES,
    seed: fields.seed.default,
    weights: "",
  } as const;
  let { state } = await open(asked, [[0, 0.01]]);
  for (let i = 1; i <= SAMPLES; i++) state = await go(i * EVERY, async () => true);
  return {
    x: [0, 1],
    y: [0, 1],
    words: state.samples.map(({ prompt, text }) => `${prompt}${text}`.slice(0, LENGTH)),
  };
}
