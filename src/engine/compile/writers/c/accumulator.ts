/**
 * Running results of reductions in C. As in the WebAssembly writer, sums are kept at two levels: a short run in the element
 * type, and its total in float64, so that the error does not grow with the length.
 */
import type { Reduction } from "../../kernels.ts";
import { isVector, type Lanes, literal, tagOf, typeName } from "./types.ts";

/** Iterations after which short runs are added to their totals. */
export const RUN = 128;

/** Statements, and expressions of results. */
export interface Accumulator {
  readonly start: string;
  /** Takes a value; `count` lanes of it count (all when absent). */
  readonly add: (value: string, count?: number) => string;
  /** Ends a short run; empty where there are none. */
  readonly flush: string;
  /** The result of each lane, in the element type. */
  readonly lanes: string;
}

const isFloatSum = (node: Reduction): boolean => node.op === "reduceSum" && node.dtype !== "int32";

export function accumulator(node: Reduction, lanes: Lanes, name: string): Accumulator {
  if (node.op === "argmax") return isVector(lanes) ? argmaxLanes(node, lanes, name) : argmax(node, name);
  return isFloatSum(node) ? floatSum(node, lanes, name) : plain(node, lanes, name);
}

/** Lanes from `count` on become `neutral`. */
function partial(node: Reduction, lanes: Lanes, value: string, neutral: string, count?: number): string {
  if (count === undefined || count === lanes.lanes) return value;
  const mask = Array.from({ length: lanes.lanes }, (_, l) => (l < count ? -1 : 0));
  const t = tagOf(node.dtype, lanes);
  return `sel_${t}((${lanes.bytes === 8 ? "vi64" : "vi32"}){${mask.join(", ")}}, ${value}, ${neutral})`;
}

function floatSum(node: Reduction, lanes: Lanes, name: string): Accumulator {
  const t = tagOf(node.dtype, lanes);
  const [type, total] = [typeName[t], isVector(lanes) ? "vf64" : "f64"];
  const halves = t === "F";
  return {
    start: `${type} ${name} = {0}; ${total} ${name}t = {0}${halves ? `, ${name}u = {0}` : ""};`,
    add: (value, count) => `${name} += ${partial(node, lanes, value, `(${type}){0}`, count)};`,
    flush: halves
      ? `${name}t += low_F(${name}); ${name}u += high_F(${name}); ${name} = (vf32){0};`
      : `${name}t += ${name}; ${name} = (${type}){0};`,
    lanes: halves ? `join_F(${name}t, ${name}u)` : isVector(lanes) ? `${name}t` : `(${type})${name}t`,
  };
}

const neutralOf = (node: Reduction): number => {
  if (node.op === "reduceSum") return 0;
  const lowest = node.dtype === "int32" ? -2147483648 : Number.NEGATIVE_INFINITY;
  const highest = node.dtype === "int32" ? 2147483647 : Number.POSITIVE_INFINITY;
  return node.op === "reduceMax" ? lowest : highest;
};

const joined = (node: Reduction, t: string, a: string, b: string): string =>
  node.op === "reduceSum" ? `${a} + ${b}` : `${node.op === "reduceMax" ? "max" : "min"}_${t}(${a}, ${b})`;

/** Extremes, and integer sums: nothing is lost on the way. */
function plain(node: Reduction, lanes: Lanes, name: string): Accumulator {
  const t = tagOf(node.dtype, lanes);
  const first = literal(node.dtype, neutralOf(node));
  const neutral = isVector(lanes) ? `splat_${t}(${first})` : first;
  return {
    start: `${typeName[t]} ${name} = ${neutral};`,
    add: (value, count) => `${name} = ${joined(node, t, name, partial(node, lanes, value, neutral, count))};`,
    flush: "",
    lanes: name,
  };
}

/** Single elements: the best value so far, its index, and the running index. The first NaN wins. */
function argmax(node: Reduction, name: string): Accumulator {
  const dtype = node.inputs[0]!.dtype;
  const type = dtype === "float32" ? "f32" : dtype === "float64" ? "f64" : "i32";
  const lowest = literal(dtype, dtype === "int32" ? -2147483648 : Number.NEGATIVE_INFINITY);
  return {
    start: `${type} ${name}v = ${lowest}; i32 ${name}i = 0, ${name} = 0;`,
    add: (value) =>
      `if (${value} > ${name}v || (${value} != ${value} && ${name}v == ${name}v)) { ${name}v = ${value}; ${name} = ${name}i; } ${name}i++;`,
    flush: "",
    lanes: name,
  };
}

/** The same in each lane, of float32 or int32. */
function argmaxLanes(node: Reduction, lanes: Lanes, name: string): Accumulator {
  const { dtype } = node.inputs[0]!;
  const t = tagOf(dtype, lanes);
  const lowest = literal(dtype, dtype === "int32" ? -2147483648 : Number.NEGATIVE_INFINITY);
  return {
    start: `${typeName[t]} ${name}v = splat_${t}(${lowest}); vi32 ${name}i = {0}, ${name} = {0};`,
    add: (value) =>
      `{ const vi32 better = (${value} > ${name}v) | ((${value} != ${value}) & (${name}v == ${name}v)); ${name}v = sel_${t}(better, ${value}, ${name}v); ${name} = sel_I(better, ${name}i, ${name}); ${name}i += 1; }`,
    flush: "",
    lanes: name,
  };
}

/** One element out of the partial results of several accumulators, all `lanes` wide; sums of floats in float64. */
export function joinAll(node: Reduction, lanes: Lanes, names: readonly string[]): string {
  const t = tagOf(node.dtype, lanes);
  if (node.op === "argmax") return names[0]!;
  if (!isFloatSum(node)) {
    const whole = names.reduce((a, b) => joined(node, t, a, b));
    if (!isVector(lanes)) return whole;
    if (node.op === "reduceSum") return `sum_I(${whole})`;
    return `across_${node.op === "reduceMax" ? "max" : "min"}_${t}(${whole})`;
  }
  const totals = names.map((n) => (t === "F" ? `(${n}t + ${n}u)` : `${n}t`)).join(" + ");
  return isVector(lanes) ? `sum_D(${totals})` : totals;
}
