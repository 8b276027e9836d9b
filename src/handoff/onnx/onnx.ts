/**
 * A trained model as an ONNX file, out of the graph that its forward pass traces. The file takes rows as they come, before
 * scaling and standardising, in float32, and any number of them.
 */
import type { TypedArray } from "../../engine/graph/index.ts";
import type { Layer } from "../../nn/layer.ts";
import { version } from "../../run/version.ts";
import type { ModelRecord } from "../../train/model-record.ts";
import { batchInputs, tensorInputs } from "../../train/trace.ts";
import { type Line, sizeLine } from "../batch-size.ts";
import { atEachSize } from "../traces.ts";
import { createBuilder } from "./builder.ts";
import { emitTraces } from "./emit.ts";
import { modelInputs } from "./inputs.ts";
import { encodeModel, type OnnxPort } from "./model-file.ts";
import { classOutputs, rawOutput } from "./outputs.ts";

/** onnxruntime reads it from 1.15 on. */
const OPSET = 19;

/** The model that `exportOnnx` writes. */
export interface OnnxOptions {
  readonly layer: Layer;
  readonly record: ModelRecord;
  /** Parameters and buffers that the model is used with. */
  readonly weights: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly values: TypedArray;
  }[];
  /** Names of the classes; null for a model of numbers. */
  readonly classes: readonly string[] | null;
  /** Classes and probabilities in place of the model's own output. */
  readonly probabilities?: boolean;
  /** A table's features as one input [rows, features], words already as 0 and 1; otherwise an input for each column. */
  readonly matrix?: boolean;
}

/** An ONNX file with what it takes and gives. */
export interface OnnxExport {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly opset: number;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  /** Operators, in the order of the file. */
  readonly operators: readonly string[];
}

/**
 * Throws `handoff-batch` for a model that treats rows differently by their number, `handoff-operation` for an operation
 * that ONNX does not have, `onnx-probabilities`, and `onnx-size`.
 */
export function exportOnnx({
  layer,
  record,
  weights,
  classes,
  probabilities = false,
  matrix = false,
}: OnnxOptions): OnnxExport {
  const stored = new Map(weights.map((tensor) => [tensor.name, tensor]));
  const b = createBuilder(() => inputs.ports[0]!.name);
  const inputs = modelInputs(record, b, { matrix });
  const { row } = record;
  const traces = atEachSize((rows) => {
    const shape = [rows, ...row.shape];
    const data = batchInputs({ x: row.dtype === "int32" ? { shape, dtype: "int32" } : { shape } }, "float32");
    const params = tensorInputs("param.", layer.params, "float32");
    const buffers = tensorInputs("buffer.", layer.buffers, "float32");
    return [layer.forward({ ...params, ...buffers }, data["x"]!, { training: false }).output];
  });
  const tensors = new Map<string, string>();
  const input = (name: string): string => {
    if (name === "batch.x") return inputs.x;
    const own = name.replace(/^(param|buffer)\./, "");
    const { values, shape } = stored.get(own)!;
    const made = tensors.get(name) ?? b.tensor(own, values, shape);
    tensors.set(name, made);
    return made;
  };
  const [value] = emitTraces(traces, { b, input });
  const [[p], [q], [r]] = traces;
  const shape = p!.shape.map(
    (size, i): Line => sizeLine([size, q!.shape[i]!, r!.shape[i]!], "the output's shape"),
  );
  const given = { value: value!, shape };
  const { ports, results } = probabilities
    ? classOutputs(record, b, { ...given, classes })
    : rawOutput(record, b, given);
  const finished = b.finish(results);
  const bytes = encodeModel({
    name: record.name,
    producerVersion: version,
    opset: OPSET,
    ...finished,
    inputs: inputs.ports,
    outputs: ports,
    metadata: metadataOf(record, { classes, matrix }),
  });
  return {
    bytes,
    opset: OPSET,
    inputs: inputs.ports,
    outputs: ports,
    operators: finished.nodes.map(({ op }) => op),
  };
}

/** What the file's user may need beside it, as JSON. */
function metadataOf(
  { input, target }: ModelRecord,
  { classes, matrix }: { classes: readonly string[] | null; matrix: boolean },
): Readonly<Record<string, string>> {
  const features =
    input.kind === "table" && matrix
      ? input.encoding.features.flatMap(({ name, words }) => words?.map((w) => `${name}=${w}`) ?? [name])
      : null;
  const text = input.kind === "text" ? input.vocabulary : null;
  return {
    ...(features !== null && { features: JSON.stringify(features) }),
    ...(text !== null && { vocabulary: JSON.stringify(text) }),
    ...(text === null && classes !== null && { classes: JSON.stringify(classes) }),
    ...(target.kind === "number" && input.kind === "table" && { target: input.encoding.target?.name ?? "" }),
  };
}
