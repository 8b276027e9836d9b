/** The outputs of an exported model: what the model gives, or the classes and probabilities that it stands for. */
import { findLoss } from "../../nn/losses/index.ts";
import { SteepestError } from "../../run/errors.ts";
import type { ModelRecord } from "../../train/model-record.ts";
import type { Line } from "../batch-size.ts";
import type { Builder } from "./builder.ts";
import { ROWS } from "./inputs.ts";
import { dataTypes, type OnnxPort } from "./model-file.ts";

export interface Outputs {
  readonly ports: readonly OnnxPort[];
  /** Value of each port, by its name. */
  readonly results: Readonly<Record<string, string>>;
}

const sizeOfLine = ({ slope, offset }: Line): number | string =>
  slope === 0
    ? offset
    : slope === 1 && offset === 0
      ? ROWS
      : `${slope}*${ROWS}${offset < 0 ? "" : "+"}${offset}`;

const rawNames = {
  logits: "logits",
  logit: "logit",
  probability: "probability",
  logProbabilities: "log_probabilities",
  value: "prediction",
} as const;

/** The model's own output, under a name that says what it is. */
export function rawOutput(
  { loss, target, input }: ModelRecord,
  b: Builder,
  { value, shape }: { value: string; shape: readonly Line[] },
): Outputs {
  const kind = loss.name === "module" ? null : findLoss(loss.name).output;
  const column = input.kind === "table" && target.classes === null ? input.encoding.target?.name : undefined;
  const own = column !== undefined && !/^\d+$/.test(column) ? column : undefined;
  const name = b.claim(
    kind === null ? "output" : kind === "value" ? (own ?? rawNames.value) : rawNames[kind],
  );
  return { ports: [{ name, type: "float32", shape: shape.map(sizeOfLine) }], results: { [name]: value } };
}

export interface ProbabilityOptions {
  readonly value: string;
  readonly shape: readonly Line[];
  /** Names of the classes in the order of the probabilities; null for a model of numbers. */
  readonly classes: readonly string[] | null;
}

/** `probabilities` [rows, classes], and `prediction`, the name of the class. Throws `onnx-probabilities` where there are none. */
export function classOutputs(
  { loss, input, outputs }: ModelRecord,
  b: Builder,
  { value, shape, classes }: ProbabilityOptions,
): Outputs {
  const { link = null, output } = loss.name === "module" ? {} : findLoss(loss.name);
  if (link === null || (classes === null && input.kind !== "text")) {
    const what =
      classes === null
        ? "the model gives numbers, not classes"
        : `the loss ${loss.name} has no probabilities`;
    throw new SteepestError("onnx-probabilities", what, { help: "export without --probabilities" });
  }
  const number = (x: number): string => b.number(x, "float32");
  const linked = {
    softmax: () => b.node("Softmax", [value], { axis: shape.length - 1 }),
    sigmoid: () => b.node("Sigmoid", [value]),
    exp: () => b.node("Exp", [value]),
    identity: () => value,
  }[link]();
  const probabilities = b.claim("probabilities");
  if (input.kind === "text" || classes === null) {
    return {
      ports: [{ name: probabilities, type: "float32", shape: shape.map(sizeOfLine) }],
      results: { [probabilities]: linked },
    };
  }
  const column = b.integers([-1, 1]);
  const binary = outputs === 1;
  const second = binary ? b.node("Reshape", [linked, column]) : linked;
  const all = binary ? b.node("Concat", [b.node("Sub", [number(1), second]), second], { axis: 1 }) : linked;
  const above = b.node("Greater", [
    b.node("Reshape", [value, b.integers([-1])]),
    number(output === "probability" ? 0.5 : 0),
  ]);
  const index = binary
    ? b.node("Cast", [above], { to: dataTypes.int64 })
    : b.node("ArgMax", [value], { axis: 1, keepdims: 0 });
  const prediction = b.claim("prediction");
  return {
    ports: [
      { name: prediction, type: "string", shape: [ROWS] },
      { name: probabilities, type: "float32", shape: [ROWS, classes.length] },
    ],
    results: {
      [prediction]: b.node("Gather", [b.texts(classes), index], { axis: 0 }),
      [probabilities]: all,
    },
  };
}
