/**
 * Which optimizer the lesson's guide names for a kind of problem: SGD with momentum for vision where it can be tuned, Adam
 * for language and fast iteration, AdamW for transformers and fine-tuning, LAMB from batches of 32,768.
 */
import type { Named, RunSpec } from "../../run/spec.ts";

/** The optimizer that the lesson's rules of thumb name, and why. */
export interface Advice {
  readonly optimizer: "sgd with momentum" | "adam" | "adamw" | "lamb";
  readonly reason: string;
}

/** As far as a declaration says: images have a model or a format of their own. */
export const showsPictures = ({ model, data }: Pick<RunSpec, "model" | "data">): boolean =>
  ("kind" in model && model.kind === "cnn") ||
  "idx" in data ||
  ("source" in data && PICTURES.includes(data.source));

interface Problem {
  readonly run: Pick<RunSpec, "model" | "data">;
  /** Rows in a batch. */
  readonly batchSize: number;
}

const LARGE_BATCH = 32_768;
/** Built-in sources whose rows are pictures. */
const PICTURES = ["digits"];

/**
 * The lesson's rules of thumb: which optimizer for this model, this data and this size of batch. Nothing is
 * measured.
 */
export function advise({ run: { model, data }, batchSize }: Problem): Advice {
  const kind = "kind" in model ? model.kind : "module";
  if (batchSize >= LARGE_BATCH) {
    return {
      optimizer: "lamb",
      reason: `batches of ${batchSize} rows are very large (${LARGE_BATCH} and more)`,
    };
  }
  if (kind === "transformer") return { optimizer: "adamw", reason: "the model is a transformer" };
  if ("text" in data) return { optimizer: "adam", reason: "the data is text" };
  if (showsPictures({ model, data })) {
    return {
      optimizer: "sgd with momentum",
      reason: "the data are pictures, and a comparison tunes the rate",
    };
  }
  const what =
    kind === "module"
      ? "a model of your own, which the guide can't place"
      : `${article(kind)} model on a table of numbers`;
  return { optimizer: "adam", reason: `${what}: fast iteration without much tuning` };
}

const article = (kind: string): string => (kind === "mlp" ? "an mlp" : `a ${kind}`);

/** Whether an optimizer is the one the guide means. */
export function isAdvised({ name, ...options }: Named, advised: Advice["optimizer"]): boolean {
  if (advised !== "sgd with momentum") return name === advised;
  if (name === "sgd") return Number(options["momentum"] ?? 0) > 0;
  return ["ema-momentum", "nag", "nesterov"].includes(name);
}

/** Whether what was measured agrees with the advice. */
export interface Agreement {
  readonly verdict: "agrees" | "agrees-within-noise" | "disagrees" | "not-measured" | "undecided";
  readonly text: string;
}

interface Ranked {
  readonly label: string;
  readonly optimizer: Named;
  readonly best: object | null;
}

/** The guide against a ranking, best first. `clear`: the first is ahead of the advised one by more than the noise. */
export function agreement(
  advice: Advice,
  ranking: readonly Ranked[],
  clearlyAhead: (first: string, other: string) => boolean | null,
): Agreement {
  const first = ranking.find((r) => r.best !== null);
  const advised = ranking.filter((r) => isAdvised(r.optimizer, advice.optimizer));
  if (first === undefined) return { verdict: "undecided", text: "no optimizer had a stable rate" };
  if (advised.length === 0) {
    return {
      verdict: "not-measured",
      text: `${advice.optimizer} did not take part, so nothing here contradicts or confirms it`,
    };
  }
  if (advised.includes(first))
    return { verdict: "agrees", text: `the measurement agrees: ${first.label} is first` };
  const best = advised[0]!;
  if (best.best === null) {
    return {
      verdict: "disagrees",
      text: `at this budget the measurement disagrees: ${best.label} diverged at every rate`,
    };
  }
  const clear = clearlyAhead(first.label, best.label);
  if (clear === null) {
    return {
      verdict: "undecided",
      text: `${first.label} is ahead of ${best.label}, but one seed can't tell whether by luck`,
    };
  }
  return clear
    ? {
        verdict: "disagrees",
        text: `at this budget the measurement disagrees: ${first.label} is ahead of ${best.label} by more than the noise`,
      }
    : {
        verdict: "agrees-within-noise",
        text: `the measurement does not contradict it: ${best.label} is behind ${first.label} by less than the noise`,
      };
}
