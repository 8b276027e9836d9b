/**
 * What every primitive means: a readable interpreter in float64. The other backends are tested against this one.
 * float32 tensors are not rounded here; int32 wraps, bool is 0 or 1.
 */
import type { Expr, Node } from "../graph/expr.ts";
import type { Primitive } from "../graph/primitives.ts";
import { type Shape, sizeOf, stridesOf } from "../graph/shape.ts";
import {
  broadcastView,
  contiguous,
  permuteView,
  positions,
  sliceView,
  type View,
  windowsView,
} from "../graph/strided.ts";
import { multiply } from "../matrix/multiply.ts";
import { divide, elementwise, randomElement, toDtype } from "./scalar.ts";

type Data = Float64Array;
/** One node's elements from its inputs' elements, all row-major. */
type Rule<P extends Primitive> = (node: Node<P>, inputs: readonly Data[]) => Data;

const map = (node: Pick<Expr, "shape" | "dtype">, f: (i: number) => number): Data => {
  const out = new Float64Array(sizeOf(node.shape));
  const wrap = node.dtype === "int32";
  for (let i = 0; i < out.length; i++) out[i] = wrap ? f(i) | 0 : f(i);
  return out;
};

const scalarRule =
  (f: (a: number, b: number, c: number) => number) =>
  (node: Pick<Expr, "shape" | "dtype">, [a, b, c]: readonly Data[]): Data =>
    map(node, (i) => f(a![i]!, b?.[i] ?? 0, c?.[i] ?? 0));

/** Reads a buffer through a view. */
function read(data: Data, view: View): Data {
  const out = new Float64Array(sizeOf(view.shape));
  let i = 0;
  for (const at of positions(view)) out[i++] = data[at]!;
  return out;
}

/** The input with the reduced axes moved last, one row per output element. */
function rowsOf(x: Data, shape: Shape, axes: readonly number[]): { rows: Data; length: number } {
  const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const rows = read(x, permuteView(contiguous(shape), [...kept, ...axes]));
  return { rows, length: axes.reduce((n, a) => n * shape[a]!, 1) };
}

const reduce =
  (start: number, f: (total: number, x: number) => number) =>
  (node: Node<"reduceMax" | "reduceMin">, [x]: readonly Data[]): Data => {
    const { rows, length } = rowsOf(x!, node.inputs[0]!.shape, node.attrs.axes);
    return map(node, (i) => {
      let total = start;
      for (let j = i * length; j < (i + 1) * length; j++) total = f(total, rows[j]!);
      return total;
    });
  };

/** Neumaier's sum: the rounding errors are added up beside the total. */
function compensatedSum(x: Data, from: number, to: number): number {
  let total = 0;
  let lost = 0;
  for (let i = from; i < to; i++) {
    const next = total + x[i]!;
    lost += Math.abs(total) >= Math.abs(x[i]!) ? total - next + x[i]! : x[i]! - next + total;
    total = next;
  }
  return Number.isFinite(total) ? total + lost : total;
}

/** Writes `source` into `out` through `view`, adding where it overlaps. */
function scatter(out: Data, view: View, source: Data): void {
  let i = 0;
  for (const at of positions(view)) out[at]! += source[i++]!;
}

const input = (i: number, inputs: readonly Data[]): Data => inputs[i]!;

export const evaluate: { readonly [P in Primitive]: Rule<P> } = {
  input: (node) => {
    throw new Error(`internal: input ${node.attrs.name} has no value`);
  },
  constant: (node) => {
    const { value } = node.attrs;
    return Float64Array.from(typeof value === "number" ? [value] : value);
  },
  iota: (node) => {
    const stride = stridesOf(node.shape)[node.attrs.axis]!;
    return map(node, (i) => Math.floor(i / stride) % node.shape[node.attrs.axis]!);
  },
  neg: scalarRule(elementwise.neg),
  exp: scalarRule(elementwise.exp),
  log: scalarRule(elementwise.log),
  log1p: scalarRule(elementwise.log1p),
  expm1: scalarRule(elementwise.expm1),
  sqrt: scalarRule(elementwise.sqrt),
  rsqrt: scalarRule(elementwise.rsqrt),
  sin: scalarRule(elementwise.sin),
  cos: scalarRule(elementwise.cos),
  tanh: scalarRule(elementwise.tanh),
  sigmoid: scalarRule(elementwise.sigmoid),
  erf: scalarRule(elementwise.erf),
  abs: scalarRule(elementwise.abs),
  sign: scalarRule(elementwise.sign),
  floor: scalarRule(elementwise.floor),
  not: scalarRule(elementwise.not),
  cast: (node, [x]) => map(node, (i) => toDtype(x![i]!, node.dtype)),
  stopGradient: (_, inputs) => input(0, inputs),
  add: scalarRule(elementwise.add),
  sub: scalarRule(elementwise.sub),
  mul: (node, [a, b]) =>
    node.dtype === "int32" ? map(node, (i) => Math.imul(a![i]!, b![i]!)) : map(node, (i) => a![i]! * b![i]!),
  div: (node, [a, b]) => map(node, (i) => divide(a![i]!, b![i]!, node.dtype)),
  pow: scalarRule(elementwise.pow),
  max: scalarRule(elementwise.max),
  min: scalarRule(elementwise.min),
  eq: scalarRule(elementwise.eq),
  lt: scalarRule(elementwise.lt),
  le: scalarRule(elementwise.le),
  and: scalarRule(elementwise.and),
  or: scalarRule(elementwise.or),
  select: scalarRule(elementwise.select),
  withGradient: (_, inputs) => input(0, inputs),
  random: (node, [k0, k1, counter]) =>
    map(node, (i) => randomElement(node.attrs.kind, node.dtype, k0![i]!, k1![i]!, counter![i]!)),
  reduceSum: (node, [x]) => {
    const { rows, length } = rowsOf(x!, node.inputs[0]!.shape, node.attrs.axes);
    return map(node, (i) => compensatedSum(rows, i * length, (i + 1) * length));
  },
  reduceMax: reduce(Number.NEGATIVE_INFINITY, (a, b) => Math.max(a, b)),
  reduceMin: reduce(Number.POSITIVE_INFINITY, (a, b) => Math.min(a, b)),
  argmax: (node, [x]) => {
    const { rows, length } = rowsOf(x!, node.inputs[0]!.shape, [node.attrs.axis]);
    return map(node, (i) => {
      let best = 0;
      for (let j = 1; j < length; j++) {
        const [candidate, leader] = [rows[i * length + j]!, rows[i * length + best]!];
        if (candidate > leader || (Number.isNaN(candidate) && !Number.isNaN(leader))) best = j;
      }
      return best;
    });
  },
  matmul: (node, [a, b]) => {
    const { transposeA, transposeB } = node.attrs;
    const x = node.inputs[0]!.shape;
    const [m, n] = node.shape.slice(-2) as [number, number];
    const k = x[x.length - (transposeA ? 2 : 1)]!;
    const [rowA, colA] = transposeA ? [1, m] : [k, 1];
    const [rowB, colB] = transposeB ? [1, k] : [n, 1];
    const out = new Float64Array(sizeOf(node.shape));
    for (let c = 0; c < out.length; c++) {
      const batch = Math.floor(c / (m * n));
      const [i, j] = [Math.floor(c / n) % m, c % n];
      let total = 0;
      for (let p = 0; p < k; p++) {
        total += a![batch * m * k + i * rowA + p * colA]! * b![batch * k * n + p * rowB + j * colB]!;
      }
      out[c] = total;
    }
    return out;
  },
  matrixFunction: ({ attrs, shape }, [when, otherwise, ...args]) =>
    when![0] === 0 ? otherwise! : attrs.fn.compute(args, shape as [number, number], multiply),
  reshape: (_, inputs) => input(0, inputs),
  permute: (node, [x]) => read(x!, permuteView(contiguous(node.inputs[0]!.shape), node.attrs.axes)),
  broadcast: (node, [x]) => read(x!, broadcastView(contiguous(node.inputs[0]!.shape), node.shape)),
  slice: (node, [x]) =>
    read(x!, sliceView(contiguous(node.inputs[0]!.shape), node.attrs.starts, node.attrs.steps, node.shape)),
  pad: (node, [x]) => {
    const out = new Float64Array(sizeOf(node.shape)).fill(node.attrs.value);
    let i = 0;
    for (const at of positions(
      sliceView(contiguous(node.shape), node.attrs.low, node.attrs.steps, node.inputs[0]!.shape),
    ))
      out[at] = x![i++]!;
    return out;
  },
  concat: (node, inputs) => {
    const out = new Float64Array(sizeOf(node.shape));
    let start = 0;
    node.inputs.forEach((part, p) => {
      const starts = node.shape.map((_, i) => (i === node.attrs.axis ? start : 0));
      scatter(
        out,
        sliceView(
          contiguous(node.shape),
          starts,
          node.shape.map(() => 1),
          part.shape,
        ),
        inputs[p]!,
      );
      start += part.shape[node.attrs.axis]!;
    });
    return out;
  },
  gather: (node, [table, indices]) => {
    const rows = node.inputs[0]!.shape[0]!;
    const width = sizeOf(node.inputs[0]!.shape.slice(1));
    return map(
      node,
      (i) => table![clampIndex(indices![Math.floor(i / width)]!, rows) * width + (i % width)]!,
    );
  },
  scatterAdd: (node, [indices, updates]) => {
    const out = new Float64Array(sizeOf(node.shape));
    const width = sizeOf(node.shape.slice(1));
    updates!.forEach((u, i) => {
      out[clampIndex(indices![Math.floor(i / width)]!, node.shape[0]!) * width + (i % width)]! += u;
    });
    return out;
  },
  windows: (node, [x]) => read(x!, windowsView(contiguous(node.inputs[0]!.shape), node.attrs, node.shape)),
  foldWindows: (node, [y]) => {
    const out = new Float64Array(sizeOf(node.shape));
    scatter(out, windowsView(contiguous(node.shape), node.attrs, node.inputs[0]!.shape), y!);
    return out;
  },
};

const clampIndex = (i: number, rows: number): number => Math.max(0, Math.min(rows - 1, i));
