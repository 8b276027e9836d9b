/** What a model's outputs mean: a class with its probabilities, or a number. */
import { findLoss } from "../nn/losses/index.ts";
import type { Link } from "../nn/losses/loss.ts";
import type { ModelRecord } from "../train/model-record.ts";

/** A model's answer for one row. */
export interface Prediction {
  /** The class, the number, or one number for each column of the target. */
  readonly prediction: string | number | readonly number[];
  /** Probability of the predicted class; absent where the loss gives none. */
  readonly probability?: number;
  /** One for each class, in `classesOf`'s order; absent where the loss gives none. */
  readonly probabilities?: readonly number[];
}

/** Names of the classes that are told apart; null for a model that predicts numbers. */
export function classesOf({ target, loss }: ModelRecord): readonly string[] | null {
  if (target.classes !== null) return target.classes;
  return isBinary(loss.name) && size(target.shape) === 1 ? ["0", "1"] : null;
}

/** Whether one output decides between two classes, and above which value it is the second. */
function isBinary(loss: string): boolean {
  if (loss === "module") return false;
  const { output } = findLoss(loss);
  return output === "logit" || output === "probability";
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Reads the `width` outputs from `at` on. */
export type Interpret = (outputs: ArrayLike<number>, at: number) => Prediction;

export function interpreter(record: ModelRecord): Interpret {
  const { loss, outputs } = record;
  const classes = classesOf(record);
  const link = loss.name === "module" ? null : findLoss(loss.name).link;
  if (classes === null) {
    return (values, at) => {
      const found = Array.from({ length: outputs }, (_, j) => values[at + j]!);
      return { prediction: outputs === 1 ? found[0]! : found };
    };
  }
  if (isBinary(loss.name)) return (values, at) => binary(values[at]!, { loss: loss.name, link, classes });
  return (values, at) => {
    const scores = Array.from({ length: classes.length }, (_, j) => values[at + j]!);
    const best = argmax(scores);
    const probabilities = link === null ? null : probabilitiesOf(scores, link);
    return {
      prediction: classes[best]!,
      ...(probabilities && { probability: probabilities[best]!, probabilities }),
    };
  };
}

function binary(
  value: number,
  { loss, link, classes }: { loss: string; link: Link | null; classes: readonly string[] },
): Prediction {
  // the side that training's own accuracy takes
  const second = value > (findLoss(loss).output === "probability" ? 0.5 : 0);
  const prediction = classes[second ? 1 : 0]!;
  if (link === null) return { prediction };
  const p = link === "sigmoid" ? sigmoid(value) : value;
  return { prediction, probability: second ? p : 1 - p, probabilities: [1 - p, p] };
}

const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

/** The first of the largest, as the engine's argmax. */
export function argmax(scores: ArrayLike<number>): number {
  let best = 0;
  for (let j = 1; j < scores.length; j++) if (scores[j]! > scores[best]!) best = j;
  return best;
}

export function probabilitiesOf(scores: readonly number[], link: Link): readonly number[] {
  if (link === "exp") return scores.map(Math.exp);
  if (link !== "softmax") return scores;
  const largest = Math.max(...scores);
  const weights = scores.map((z) => Math.exp(z - largest));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / total);
}
