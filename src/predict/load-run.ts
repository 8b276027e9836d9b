/** A trained run in code: `const model = await loadRun(bytes); model.predict([{ age: 31, city: "Bern" }])`. */
import type { DataHost } from "../data/index.ts";
import type { Backend } from "../engine/backend.ts";
import { wasm } from "../engine/backends/wasm.ts";
import type { TypedArray } from "../engine/graph/index.ts";
import type { ModelRecord } from "../train/model-record.ts";
import { evaluationWeights } from "../train/weights.ts";
import { type EvaluateSource, type Evaluation, evaluateSource } from "./evaluate.ts";
import { type GenerateOptions, generate } from "./generate.ts";
import { classesOf, type Prediction } from "./interpret.ts";
import { predictRows } from "./predict.ts";
import { openModel, type TrainedModel } from "./trained-model.ts";

/** Options of `loadRun`. */
export interface LoadOptions {
  /** Default: wasm. */
  readonly backend?: Backend;
  /** The model's layer or function, for runs whose model is a module of the user's. */
  readonly importModel?: (module: string) => Promise<unknown>;
  /** The file's name in messages. Default "the checkpoint". */
  readonly where?: string;
}

/** A trained model, ready to be used. */
export interface LoadedRun {
  /** How the model is used: its input, target, loss and declaration. */
  readonly spec: ModelRecord;
  /** Names of the classes in the order of `probabilities`; null for a model of numbers. */
  readonly classes: readonly string[] | null;
  /** Parameters and buffers under the model's names, as PyTorch's state dict has them. */
  readonly weights: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: TypedArray }>;
  /**
   * One prediction a row. A row is a record of a table's columns, a list of the features in their order, or for models of
   * arrays a list (of lists) of numbers. Throws a SteepestError that names row and column.
   */
  readonly predict: (rows: readonly unknown[]) => Prediction[];
  /** Measures a file's rows, which have the answers. */
  readonly evaluate: (
    source: Omit<EvaluateSource, "host"> & { readonly host: DataHost },
  ) => Promise<Evaluation>;
  /** The text that a text model goes on with. */
  readonly generate: (options: GenerateOptions) => string;
}

/** `bytes` are those of a `checkpoint-best.safetensors`. Throws `checkpoint-*`, `model-record`, `module`. */
export async function loadRun(
  bytes: Uint8Array,
  { backend = wasm, importModel, where = "the checkpoint" }: LoadOptions = {},
): Promise<LoadedRun> {
  return loadedRun(await openModel(bytes, { where, backend, importModel }));
}

export function loadedRun(model: TrainedModel): LoadedRun {
  const { layer, optimizer, state, record } = model;
  return {
    spec: record,
    classes: classesOf(record),
    weights: new Map(
      evaluationWeights({ layer, optimizer, state, dtype: record.dtype }).map((t) => [t.name, t]),
    ),
    predict: (rows) => predictRows(model, rows),
    evaluate: (source) => evaluateSource(model, source),
    generate: (options) => [...generate(model, options)].join(""),
  };
}
