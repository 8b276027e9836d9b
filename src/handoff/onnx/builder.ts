/** Nodes and constants under names of their own; equal ones are made once. */
import type { TypedArray } from "../../engine/graph/index.ts";
import type { Line } from "../batch-size.ts";
import type { Attributes, OnnxNode, OnnxTensor, OnnxType } from "./model-file.ts";

export interface Builder {
  /** Keeps a name for something of the run's own, or the name with a number where it is taken. */
  readonly claim: (name: string) => string;
  /** The output of an operator. */
  readonly node: (op: string, inputs: readonly string[], attributes?: Attributes) => string;
  /** A tensor under a name of the run's. */
  readonly tensor: (name: string, values: TypedArray, shape: readonly number[]) => string;
  readonly constant: (values: ArrayLike<number>, shape: readonly number[], type: OnnxType) => string;
  readonly number: (value: number, type: OnnxType) => string;
  readonly texts: (values: readonly string[]) => string;
  /** int64 [k] */
  readonly integers: (values: readonly number[]) => string;
  /** int64 [k]: sizes that depend on the batch's. */
  readonly sizes: (lines: readonly Line[]) => string;
  /** What the results need: nodes in order, and the constants they read. `results` are values by their claimed names. */
  readonly finish: (results: Readonly<Record<string, string>>) => {
    readonly nodes: readonly OnnxNode[];
    readonly tensors: readonly OnnxTensor[];
  };
}

/** Bytes up to which equal constants are looked for. */
const SMALL = 256;

function bytesOf(values: ArrayLike<number>, type: OnnxType): Uint8Array {
  const { buffer, byteOffset, byteLength } = elementsOf(values, type);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function elementsOf(values: ArrayLike<number>, type: OnnxType): ArrayBufferView {
  switch (type) {
    case "float32":
      return Float32Array.from(values);
    case "float64":
      return Float64Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "int64":
      return BigInt64Array.from(Array.from(values, BigInt));
    case "bool":
      return Uint8Array.from(values);
    case "string":
      throw new Error("internal: strings have no bytes here");
  }
}

/** `batch` is the input whose first axis counts the rows; it is asked for when a size needs it. */
export function createBuilder(batch: () => string): Builder {
  const nodes: OnnxNode[] = [];
  const tensors = new Map<string, OnnxTensor>();
  const known = new Map<string, string>();
  const taken = new Set<string>();

  const claim = (name: string): string => {
    let free = name;
    for (let k = 2; taken.has(free); k++) free = `${name}_${k}`;
    taken.add(free);
    return free;
  };
  const once = (key: string, make: () => string): string => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make();
    known.set(key, made);
    return made;
  };
  const add = (name: string, tensor: Omit<OnnxTensor, "name">): string => {
    const own = claim(name);
    tensors.set(own, { name: own, ...tensor });
    return own;
  };
  const node: Builder["node"] = (op, inputs, attributes = {}) =>
    once(`${op} ${JSON.stringify([inputs, attributes])}`, () => {
      const output = claim(`/${op}`);
      nodes.push({ op, inputs, output, attributes });
      return output;
    });
  const constant: Builder["constant"] = (values, shape, type) => {
    const data = bytesOf(values, type);
    const make = (): string => add("/constant", { type, shape, data });
    return data.length > SMALL ? make() : once(`${type} [${shape}] ${data}`, make);
  };
  const integers = (values: readonly number[]): string => constant(values, [values.length], "int64");
  const size = ({ slope, offset }: Line): string => {
    if (slope === 0) return integers([offset]);
    const rows = node("Shape", [batch()], { start: 0, end: 1 });
    const times = slope === 1 ? rows : node("Mul", [rows, integers([slope])]);
    return offset === 0 ? times : node("Add", [times, integers([offset])]);
  };
  return {
    claim,
    node,
    constant,
    integers,
    tensor: (name, values, shape) => add(name, { type: "float32", shape, data: bytesOf(values, "float32") }),
    number: (value, type) => constant([value], [], type),
    texts: (values) => add("/words", { type: "string", shape: [values.length], data: values }),
    sizes: (lines) =>
      lines.every(({ slope }) => slope === 0)
        ? integers(lines.map(({ offset }) => offset))
        : lines.length === 1
          ? size(lines[0]!)
          : node("Concat", lines.map(size), { axis: 0 }),
    finish: (results) => {
      const ends = Object.entries(results).map(
        ([name, value]): OnnxNode => ({ op: "Identity", inputs: [value], output: name, attributes: {} }),
      );
      const needed = new Set(Object.keys(results));
      const kept: OnnxNode[] = [];
      for (const one of [...nodes, ...ends].reverse()) {
        if (!needed.has(one.output)) continue;
        kept.push(one);
        for (const name of one.inputs) needed.add(name);
      }
      return { nodes: kept.reverse(), tensors: [...tensors.values()].filter(({ name }) => needed.has(name)) };
    },
  };
}
