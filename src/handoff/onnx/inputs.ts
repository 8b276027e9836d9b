/** The inputs of an exported model: new rows as they are, and what training did to them before the model saw them. */
import type { ModelRecord } from "../../train/model-record.ts";
import type { Builder } from "./builder.ts";
import { dataTypes, type OnnxPort } from "./model-file.ts";

/** The word for the number of rows. */
export const ROWS = "batch";

/** The input ports, and the value that the model takes. `matrix`: the features of a table side by side in one input. */
export function modelInputs(
  record: ModelRecord,
  b: Builder,
  { matrix }: { matrix: boolean },
): { readonly ports: readonly OnnxPort[]; readonly x: string } {
  const { input, row } = record;
  if (input.kind === "text") {
    const port: OnnxPort = { name: b.claim("tokens"), type: "int64", shape: [ROWS, ...row.shape] };
    return { ports: [port], x: b.node("Cast", [port.name], { to: dataTypes.int32 }) };
  }
  if (input.kind === "table" && !matrix) {
    const parts = input.encoding.features.map(({ name, words }) => column(name, words, b));
    const whole =
      parts.length === 1
        ? parts[0]!.value
        : b.node(
            "Concat",
            parts.map((p) => p.value),
            { axis: 1 },
          );
    return { ports: parts.map((p) => p.port), x: scaled(whole, record, b) };
  }
  const port: OnnxPort = { name: b.claim("x"), type: "float32", shape: [ROWS, ...row.shape] };
  const x =
    input.kind === "array" && input.scale !== 1
      ? b.node("Mul", [port.name, b.number(input.scale, "float32")])
      : port.name;
  return { ports: [port], x: scaled(x, record, b) };
}

/** Numbers [rows, 1] as they are; words become one 0/1 feature each, all 0 for a word that training has not seen. */
function column(
  name: string,
  words: readonly string[] | null,
  b: Builder,
): { readonly port: OnnxPort; readonly value: string } {
  const type = words === null ? "float32" : "string";
  const port: OnnxPort = { name: b.claim(name), type, shape: [ROWS, 1] };
  if (words === null) return { port, value: port.name };
  const same = b.node("Equal", [port.name, b.texts(words)]);
  return { port, value: b.node("Cast", [same], { to: dataTypes.float32 }) };
}

/**
 * Less the mean, over the standard deviation. The mean is taken off in two float32 parts, so that a large one leaves the
 * digits that training's float64 subtraction left.
 */
function scaled(x: string, { scaling, row }: ModelRecord, b: Builder): string {
  if (scaling === null) return x;
  const size = row.shape.reduce((p, d) => p * d, 1);
  const every = (list: readonly number[]): string =>
    b.constant(
      Array.from({ length: size }, (_, i) => list[i % list.length]!),
      row.shape,
      "float32",
    );
  const rest = scaling.mean.map((m) => m - Math.fround(m));
  const near = b.node("Sub", [x, every(scaling.mean)]);
  const centred = rest.every((r) => r === 0) ? near : b.node("Sub", [near, every(rest)]);
  return b.node("Div", [centred, every(scaling.std)]);
}
