/** A text model writes on: characters drawn one after another. */
import { stream } from "../random/index.ts";
import { SteepestError } from "../run/errors.ts";
import type { ModelRecord } from "../train/model-record.ts";
import { characterEncoder } from "./evaluate.ts";
import { argmax } from "./interpret.ts";

/** Options of `generate`. */
export interface GenerateOptions {
  /** The text to go on from, one character at least. */
  readonly prompt: string;
  /** Characters to write. */
  readonly length: number;
  /** Divides the logits: below 1 more of the probable, 0 always the most probable. Default 1. */
  readonly temperature?: number;
  /** Only the so many most probable characters are drawn from. Default: all. */
  readonly topK?: number | undefined;
  /** The same seed writes the same text. Default 0. */
  readonly seed?: number;
}

/** What `generate` asks of a model: how it reads text, and its logits for one window of characters. */
export interface TextWriter {
  readonly record: Pick<ModelRecord, "input">;
  /** Of `context` character ids, the logits after every position or after the last, as the record's `predict` says. */
  readonly forwardRow: (window: Int32Array) => ArrayLike<number>;
}

/**
 * Gives each new character. The model sees its last `context` characters; a shorter text is read by models that predict
 * after every position, and refused for others. Throws `text-character`, `text-context`, `generate`.
 */
export function* generate(
  model: TextWriter,
  { prompt, length, temperature = 1, topK, seed = 0 }: GenerateOptions,
): Generator<string> {
  const { input } = model.record;
  if (input.kind !== "text") {
    throw new SteepestError("generate", "the model was not trained on a text", {
      help: "use steepest predict for rows",
    });
  }
  const { vocabulary, context, predict } = input;
  const ids = characterEncoder(vocabulary, "the prompt")(prompt);
  const fewest = predict === "every" ? 1 : context;
  if (ids.length < fewest) {
    throw new SteepestError(
      "text-context",
      `the prompt has ${ids.length} characters, and the model needs ${fewest}`,
      {
        help: "give a longer --prompt",
      },
    );
  }
  const random = stream(seed, "generate");
  const window = new Int32Array(context);
  for (let n = 0; n < length; n++) {
    const seen = ids.slice(-context);
    window.fill(0);
    window.set(seen);
    const outputs = model.forwardRow(window);
    const from = predict === "every" ? (seen.length - 1) * vocabulary.length : 0;
    const logits = Array.from({ length: vocabulary.length }, (_, c) => outputs[from + c]!);
    const id = draw(logits, { temperature, topK, u: random.uniform(1)[0]! });
    ids.push(id);
    yield vocabulary[id]!;
  }
}

function draw(
  logits: readonly number[],
  { temperature, topK, u }: { temperature: number; topK: number | undefined; u: number },
): number {
  if (temperature === 0) return argmax(logits);
  const order = logits.map((_, c) => c).sort((a, b) => logits[b]! - logits[a]!);
  const kept = order.slice(0, topK ?? logits.length);
  const largest = logits[kept[0]!]!;
  const weights = kept.map((c) => Math.exp((logits[c]! - largest) / temperature));
  let left = u * weights.reduce((a, b) => a + b, 0);
  for (let i = 0; i < kept.length; i++) {
    left -= weights[i]!;
    if (left < 0) return kept[i]!;
  }
  return kept.at(-1)!;
}
