/**
 * An ONNX model as bytes: the messages of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), with its
 * field numbers, as far as they are needed.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { SteepestError } from "../../run/errors.ts";

/** The types of tensors that exported models have. */
export type OnnxType = "float32" | "int32" | "int64" | "string" | "bool" | "float64";

/** TensorProto.DataType */
export const dataTypes: Readonly<Record<OnnxType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float64: 11,
};

/** A number alone is an integer. */
export type Attribute = number | readonly number[] | { readonly float: number } | { readonly text: string };
export type Attributes = Readonly<Record<string, Attribute>>;

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Attributes;
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Little-endian elements, row-major; texts for strings. */
  readonly data: Uint8Array | readonly string[];
}

/** An input or output. A size that is a word may be any number, the same wherever the word stands. */
export interface OnnxPort {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly name: string;
  readonly producerVersion: string;
  /** Version of the operators. */
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The version of the format that came with opset 19. */
const IR_VERSION = 9;
/** What readers of protobuf take. */
const MAX_BYTES = 2 ** 31 - 1;

type Write = (w: BinaryWriter) => void;

const int = (w: BinaryWriter, field: number, value: number): BinaryWriter =>
  w.tag(field, WireType.Varint).int64(value);
const text = (w: BinaryWriter, field: number, value: string): BinaryWriter =>
  w.tag(field, WireType.LengthDelimited).string(value);
function message(w: BinaryWriter, field: number, write: Write): void {
  w.tag(field, WireType.LengthDelimited).fork();
  write(w);
  w.join();
}

/** Throws `onnx-size` for a model beyond the 2 GiB that one file of this format can hold. */
export function encodeModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const bytes = model.tensors.reduce((sum, { data }) => sum + data.length, 0);
  if (bytes > MAX_BYTES) {
    throw new SteepestError("onnx-size", `the weights take ${bytes} bytes, and an ONNX file holds 2 GiB`, {
      help: "export the weights alone: --to safetensors",
    });
  }
  const w = new BinaryWriter();
  int(w, 1, IR_VERSION);
  text(w, 2, "steepest");
  text(w, 3, model.producerVersion);
  message(w, 7, graph(model));
  message(w, 8, (o) => int(text(o, 1, ""), 2, model.opset));
  for (const [key, value] of Object.entries(model.metadata))
    message(w, 14, (entry) => text(text(entry, 1, key), 2, value));
  return w.finish();
}

const graph =
  ({ name, nodes, tensors, inputs, outputs }: OnnxModel): Write =>
  (w) => {
    for (const one of nodes) message(w, 1, node(one));
    text(w, 2, name);
    for (const one of tensors) message(w, 5, tensor(one));
    for (const one of inputs) message(w, 11, port(one));
    for (const one of outputs) message(w, 12, port(one));
  };

const node =
  ({ op, inputs, output, attributes }: OnnxNode): Write =>
  (w) => {
    for (const name of inputs) text(w, 1, name);
    text(w, 2, output);
    text(w, 3, output);
    text(w, 4, op);
    for (const [name, value] of Object.entries(attributes)) message(w, 5, attribute(name, value));
  };

/** The last field is AttributeProto.AttributeType. */
const attribute =
  (name: string, value: Attribute): Write =>
  (w) => {
    text(w, 1, name);
    if (typeof value === "number") int(int(w, 3, value), 20, 2);
    else if ("float" in value) int(w.tag(2, WireType.Bit32).float(value.float), 20, 1);
    else if ("text" in value) int(text(w, 4, value.text), 20, 3);
    else {
      for (const one of value) int(w, 8, one);
      int(w, 20, 7);
    }
  };

const tensor =
  ({ name, type, shape, data }: OnnxTensor): Write =>
  (w) => {
    for (const size of shape) int(w, 1, size);
    int(w, 2, dataTypes[type]);
    if (data instanceof Uint8Array) w.tag(9, WireType.LengthDelimited).bytes(data);
    else for (const one of data) text(w, 6, one);
    text(w, 8, name);
  };

/** ValueInfoProto → TypeProto → Tensor → TensorShapeProto. */
const port =
  ({ name, type, shape }: OnnxPort): Write =>
  (w) => {
    text(w, 1, name);
    message(w, 2, (t) =>
      message(t, 1, (tensorType) => {
        int(tensorType, 1, dataTypes[type]);
        message(tensorType, 2, (s) => {
          for (const size of shape)
            message(s, 1, (d) => (typeof size === "number" ? int(d, 1, size) : text(d, 2, size)));
        });
      }),
    );
  };
