/** A trained model out of a checkpoint: the forward pass with its weights, on batches of encoded rows. */
import type { Backend } from "../engine/backend.ts";
import type { TypedArray } from "../engine/graph/index.ts";
import { freeze, type Layer } from "../nn/index.ts";
import { findLoss } from "../nn/losses/index.ts";
import type { Transform } from "../optim/index.ts";
import { SteepestError } from "../run/errors.ts";
import type { RunSpec } from "../run/spec.ts";
import { type PredictStep, predictStep } from "../train/forward.ts";
import { buildModel, type CustomModel } from "../train/model.ts";
import { type ModelRecord, readModelRecord } from "../train/model-record.ts";
import type { StoredState } from "../train/program.ts";
import { decodeSafeTensors, type SafeTensors } from "../train/safetensors.ts";
import { clippedOptimizer } from "../train/settings.ts";
import type { BatchShapes } from "../train/trace.ts";

export type Floats = Float32Array | Float64Array;

/** A trained run's model, ready to compute outputs of new rows. */
export interface TrainedModel {
  readonly record: ModelRecord;
  readonly layer: Layer;
  readonly optimizer: Transform;
  /** Parameters, buffers and optimizer state under the names of a training step's state. */
  readonly state: readonly StoredState[];
  /** Steps that the weights were trained for. */
  readonly step: number;
  readonly backend: Backend;
  /** Rows that are computed at once. */
  readonly batchSize: number;
  /** Numbers of one row's input. */
  readonly rowSize: number;
  /**
   * The outputs of up to `batchSize` rows, `input` holding them one after another; overwritten by the next call.
   * `width` numbers a row. Few rows cost little: they are computed by a smaller program, with the same bits,
   * except where a BLAS library multiplies.
   */
  readonly forward: (input: ArrayLike<number>) => TypedArray;
  /** The outputs of one row alone: equal to `forward`'s to rounding. Overwritten by the next call. */
  readonly forwardRow: (input: ArrayLike<number>) => TypedArray;
  readonly width: number;
}

export interface OpenOptions {
  /** The file's name, for messages. */
  readonly where: string;
  readonly backend: Backend;
  /** The model's function, where the run file names a module. */
  readonly importModel?: ((module: string) => Promise<unknown>) | undefined;
  /** In place of the checkpoint's own record, for checkpoints that have none. */
  readonly record?: ModelRecord | undefined;
}

/** About so many numbers of input and output at a time. */
const BATCH_VALUES = 1 << 18;
const MAX_ROWS = 256;
/**
 * Rows of the programs for fewer rows than a batch has. Products of two rows and more add up in one order, whatever their
 * number; those of one row have another, so that the smallest program has two.
 */
const FEW_ROWS = [2, 8, 32] as const;
/** Where this is so. A BLAS library adds up in other orders for other sizes: there a whole batch is computed always. */
const SAME_BITS: readonly string[] = ["wasm", "native"];

/** Throws `checkpoint-*` for a file that is none, `model-record` where it does not say how it is used. */
export async function openModel(bytes: Uint8Array, options: OpenOptions): Promise<TrainedModel> {
  const { where, backend } = options;
  const stored = decodeSafeTensors(bytes, where);
  const record = options.record ?? recordOf(stored, where);
  const { shape, dtype } = record.row;
  const layer = await layerOf(record, options);
  const optimizer = clippedOptimizer({
    optimizer: record.optimizer as RunSpec["optimizer"],
    clip: record.clip ?? undefined,
    groups: record.groups,
  });
  const state = stateOf(layer, stored, where);
  const rowSize = shape.reduce((a, b) => a * b, 1);
  const batchSize = Math.max(1, Math.min(MAX_ROWS, Math.floor(BATCH_VALUES / rowSize)));
  const few = SAME_BITS.includes(backend.name) ? FEW_ROWS.filter((rows) => rows < batchSize) : [];
  const sizes = [...few, batchSize];
  const programs = new Map<number, PredictStep>();
  const programOf = (rows: number): PredictStep => {
    const made = programs.get(rows);
    if (made !== undefined) return made;
    const x = { shape: [rows, ...shape], ...(dtype === "int32" && { dtype: "int32" as const }) };
    const batch: BatchShapes = { x };
    const program = predictStep({ model: layer, optimizer, dtype: record.dtype, backend, batch, state });
    programs.set(rows, program);
    return program;
  };
  const run = (rows: number, input: ArrayLike<number>): TypedArray => {
    const program = programOf(rows);
    program.x.set(input);
    return program.run();
  };
  return {
    record,
    layer,
    optimizer,
    state,
    step: Number(stored.metadata["step"] ?? 0),
    backend,
    batchSize,
    rowSize,
    get width() {
      const [made = programOf(batchSize)] = programs.values();
      return made.shape.slice(1).reduce((a, b) => a * b, 1);
    },
    forward: (input) => {
      const rows = input.length / rowSize;
      return run(sizes.find((size) => size >= rows) ?? batchSize, input);
    },
    forwardRow: (input) => run(1, input),
  };
}

function recordOf({ metadata }: SafeTensors, where: string): ModelRecord {
  const text = metadata["model"];
  if (text !== undefined) return readModelRecord(text, where);
  throw new SteepestError("model-record", "the file does not say how its model is used on new data", {
    where,
    help: "name the run folder, with the training data where it was: what the file lacks is read from there",
  });
}

async function layerOf(
  { model, row, outputs, loss, frozen = [] }: ModelRecord,
  { importModel, where }: OpenOptions,
): Promise<Layer> {
  const probability = loss.name !== "module" && findLoss(loss.name).output === "probability";
  let custom: CustomModel | undefined;
  if ("module" in model) {
    if (importModel === undefined) {
      throw new SteepestError("module", `the model is written in ${model.module}`, {
        where,
        help: "give the function that makes it as importModel",
      });
    }
    custom = (await importModel(model.module)) as CustomModel;
  }
  return freeze(buildModel(model, { inputShape: row.shape, outputs, probability, custom }), frozen);
}

/** Throws `checkpoint-model` where a tensor of the model is missing or of another shape. */
function stateOf(layer: Layer, { tensors }: SafeTensors, where: string): TrainedModel["state"] {
  const own = [
    ...Object.entries(layer.params).map(([name, { shape }]) => ({ name, shape, prefix: "param." })),
    ...Object.entries(layer.buffers).map(([name, { shape }]) => ({ name, shape, prefix: "buffer." })),
  ];
  const found = own.map(({ name, shape, prefix }) => {
    const tensor = tensors.get(name);
    if (tensor !== undefined && String(tensor.shape) === String(shape))
      return { name: prefix + name, values: tensor.values };
    const has = tensor === undefined ? "missing" : `[${tensor.shape.join(", ")}]`;
    throw new SteepestError(
      "checkpoint-model",
      `the model's ${name} is [${shape.join(", ")}] and in the file it is ${has}`,
      { where, help: "use the checkpoint with the model that it was trained with" },
    );
  });
  const others = [...tensors.values()].filter(({ name }) => name.startsWith("optimizer."));
  return [...found, ...others.map(({ name, values }) => ({ name, values }))];
}
