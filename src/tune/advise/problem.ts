/** The kind of problem that a run is, as far as its declaration and its data say. */
import type { BuiltRun } from "../../train/index.ts";
import { showsPictures } from "../compare/advise.ts";

/** What a short list of optimizers is chosen by. */
export interface Problem {
  readonly model: "linear" | "mlp" | "cnn" | "transformer" | "own";
  readonly data: "text" | "pictures" | "table";
  /** Rows in a batch, and in the whole training data. */
  readonly batchSize: number;
  readonly rows: number;
  /** Updates of the whole training. */
  readonly steps: number;
  /** Trained numbers. */
  readonly parameters: number;
}

/** The kind of a built run. */
export function problemOf({ spec, plan, totalSteps, parameters }: BuiltRun): Problem {
  const { model, data } = spec;
  return {
    model: "kind" in model ? model.kind : "own",
    data: "text" in data ? "text" : showsPictures(spec) ? "pictures" : "table",
    batchSize: plan.batchSize,
    rows: plan.n,
    steps: totalSteps,
    parameters,
  };
}

const MODELS: Readonly<Record<Problem["model"], string>> = {
  linear: "a linear model",
  mlp: "an mlp",
  cnn: "a cnn",
  transformer: "a transformer",
  own: "a model of your own",
};
const DATA: Readonly<Record<Problem["data"], string>> = {
  text: "text",
  pictures: "pictures",
  table: "a table of numbers",
};

/** "a cnn on pictures, batches of 64 of 8000 rows, 625 steps" */
export const problemWords = ({ model, data, batchSize, rows, steps }: Problem): string =>
  `${MODELS[model]} on ${DATA[data]}, batches of ${batchSize} of ${rows} rows, ${steps} steps`;
