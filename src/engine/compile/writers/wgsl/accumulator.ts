/** The running result of one reduction as WGSL statements, and how two of them become one. */
import type { DType } from "../../../graph/dtype.ts";
import type { Reduction } from "../../kernels.ts";
import { literal, typeName } from "./types.ts";

/** A running result in WGSL statements. */
export interface Accumulator {
  readonly start: string;
  readonly add: (value: string, index: string) => string;
  /** Ends a short run of a sum. */
  readonly flush: string;
  /** The result: of argmax the value and its index. */
  readonly results: readonly { readonly dtype: DType; readonly name: string }[];
}

const neutralOf = (node: Reduction): string => {
  const { dtype } = node.inputs[0]!;
  if (node.op === "reduceSum") return literal(dtype, 0);
  const low = node.op !== "reduceMin";
  if (dtype === "int32") return literal(dtype, low ? -2147483648 : 2147483647);
  return literal(dtype, low ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
};

function joined(node: Reduction, a: string, b: string): string {
  if (node.op === "reduceSum") return `${a} + ${b}`;
  const name = node.op === "reduceMax" ? "max" : "min";
  return `${name}${node.dtype === "float32" ? "_f" : ""}(${a}, ${b})`;
}

/** Whether (v, i) is better than (w, j): the larger value, NaN above all, the first of equals. */
const better = (
  dtype: DType,
  [v, i]: readonly [string, string],
  [w, j]: readonly [string, string],
): string =>
  dtype === "float32"
    ? `(is_nan(${v}) && (!is_nan(${w}) || ${i} < ${j})) || (!is_nan(${w}) && (${v} > ${w} || (${v} == ${w} && ${i} < ${j})))`
    : `${v} > ${w} || (${v} == ${w} && ${i} < ${j})`;

export function accumulator(node: Reduction, name: string): Accumulator {
  const { dtype } = node.inputs[0]!;
  const type = typeName(dtype);
  if (node.op === "argmax")
    return {
      start: `var ${name}v: ${type} = ${neutralOf(node)}; var ${name}: i32 = 0;`,
      add: (value, index) =>
        `if (${better(dtype, [value, index], [`${name}v`, name])}) { ${name}v = ${value}; ${name} = ${index}; }`,
      flush: "",
      results: [
        { dtype, name: `${name}v` },
        { dtype: "int32", name },
      ],
    };
  const results = [{ dtype: node.dtype, name }];
  if (node.op === "reduceSum" && dtype === "float32")
    return {
      start: `var ${name}: f32 = 0.0f; var ${name}r: f32 = 0.0f;`,
      add: (value) => `${name}r += ${value};`,
      flush: `${name} += ${name}r; ${name}r = 0.0f;`,
      results,
    };
  return {
    start: `var ${name}: ${type} = ${neutralOf(node)};`,
    add: (value) => `${name} = ${joined(node, name, value)};`,
    flush: "",
    results,
  };
}

/** Joins a second partial result into the first one, statement by statement. */
export function join(node: Reduction, a: readonly string[], b: readonly string[]): string {
  if (node.op !== "argmax") return `${a[0]} = ${joined(node, a[0]!, b[0]!)};`;
  const { dtype } = node.inputs[0]!;
  return `if (${better(dtype, [b[0]!, b[1]!], [a[0]!, a[1]!])}) { ${a[0]} = ${b[0]}; ${a[1]} = ${b[1]}; }`;
}
