/** The kernels of primitives that share no loop: products, rows by index, and what is put together in place. */
import { applyRule, type Expr, type Node, type NodeOf } from "../../graph/expr.ts";
import type { KernelPrimitive } from "../../graph/primitives.ts";
import { sizeOf } from "../../graph/shape.ts";
import {
  contiguous,
  isContiguous,
  permuteView,
  sliceView,
  type View,
  windowsView,
} from "../../graph/strided.ts";
import type { Buffer, Kernel, Operand, RowsKernel } from "../kernels.ts";
import type { Buffers } from "./buffers.ts";
import { moveKernel } from "./loop-kernel.ts";

export const ownKernels = (node: NodeOf<KernelPrimitive>, buffers: Buffers): Kernel[] =>
  applyRule(rules, node, buffers);

type Rule<P extends KernelPrimitive> = (node: Node<P>, buffers: Buffers) => Kernel[];

const rules: { readonly [P in KernelPrimitive]: Rule<P> } = {
  matmul: (node, { of, operand }) => {
    const [a, b] = pair(node);
    const { transposeA, transposeB } = node.attrs;
    return [
      {
        kind: "matmul",
        a: transposed(operand(a), transposeA),
        b: transposed(operand(b), transposeB),
        to: of(node),
      },
    ];
  },
  matrixFunction: (node, { of, operand }) => {
    const [when, otherwise, ...args] = node.inputs.map((x) => whole(operand(x)));
    const shape = node.shape as readonly [number, number];
    return [
      { kind: "matrix", fn: node.attrs.fn, when: when!, otherwise: otherwise!, args, to: of(node), shape },
    ];
  },
  gather: (node, { of, operand }) => {
    const [table, indices] = pair(node);
    const place = { indices: whole(operand(indices)), table: whole(operand(table)), rows: of(node) };
    return [{ kind: "gather", ...place, ...rowSizes(table.shape) }];
  },
  scatterAdd: (node, { of, operand }) => {
    const [indices, updates] = pair(node);
    const place = { indices: whole(operand(indices)), table: of(node), rows: operand(updates).buffer };
    return [
      { kind: "fill", to: of(node), value: 0 },
      { kind: "scatter", ...place, ...rowSizes(node.shape) },
    ];
  },
  pad: (node, buffers) => {
    const [x] = pair(node);
    const inside = sliceView(contiguous(node.shape), node.attrs.low, node.attrs.steps, x.shape);
    return [
      { kind: "fill", to: buffers.of(node), value: node.attrs.value },
      moveKernel(x, into(node, buffers, inside), buffers),
    ];
  },
  concat: (node, buffers) => {
    const { axis } = node.attrs;
    const steps = node.shape.map(() => 1);
    let start = 0;
    return node.inputs.map((part) => {
      const starts = node.shape.map((_, i) => (i === axis ? start : 0));
      start += part.shape[axis]!;
      const inside = sliceView(contiguous(node.shape), starts, steps, part.shape);
      return moveKernel(part, into(node, buffers, inside), buffers);
    });
  },
  foldWindows: (node, buffers) => {
    const [x] = pair(node);
    const inside = windowsView(contiguous(node.shape), node.attrs, x.shape);
    return [
      { kind: "fill", to: buffers.of(node), value: 0 },
      moveKernel(x, into(node, buffers, inside), buffers, { accumulate: true }),
    ];
  },
};

const pair = ({ inputs }: { readonly inputs: readonly Expr[] }): readonly [Expr, Expr] => [
  inputs[0]!,
  inputs[1]!,
];

const into = (node: NodeOf<KernelPrimitive>, buffers: Buffers, view: View): Operand => ({
  buffer: buffers.of(node),
  view,
});

function transposed(o: Operand, swap: boolean): Operand {
  const r = o.view.shape.length;
  const axes = [...o.view.shape.keys()];
  return swap ? { ...o, view: permuteView(o.view, [...axes.slice(0, r - 2), r - 1, r - 2]) } : o;
}

const rowSizes = (table: readonly number[]): Pick<RowsKernel, "tableRows" | "width"> => ({
  tableRows: table[0]!,
  width: sizeOf(table.slice(1)),
});

/** legalize() sees to it that tables, indices and rows fill their buffers. */
function whole({ buffer, view }: Operand): Buffer {
  if (!isContiguous(view) || view.offset !== 0) throw new Error("internal: rows of a part of a buffer");
  return buffer;
}
