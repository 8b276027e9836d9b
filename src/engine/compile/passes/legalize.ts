/**
 * Strided views. Every expression is a view of some base that lies in memory; where a consumer can't read through a
 * view, this pass inserts a copy (an identity node, which a loop kernel computes).
 */
import { type Expr, isView, type NodeOf, remake, topologicalOrder } from "../../graph/expr.ts";
import type { ViewPrimitive } from "../../graph/primitives.ts";
import { sizeOf } from "../../graph/shape.ts";
import {
  broadcastView,
  contiguous,
  isContiguous,
  permuteView,
  reshapeView,
  sliceView,
  type View,
  windowsView,
} from "../../graph/strided.ts";
import { copyOf, uniformValue } from "../nodes.ts";

/** An expression as a window on the memory of `base`. */
export interface Resolved {
  readonly base: Expr;
  readonly view: View;
}

/** The view an expression is of its base, given its input's; null when only a copy can express it. */
function viewThrough(e: NodeOf<ViewPrimitive>, input: Resolved): Resolved | null {
  const { base, view } = input;
  switch (e.op) {
    case "reshape": {
      const reshaped = reshapeView(view, e.shape);
      return reshaped && { base, view: reshaped };
    }
    case "permute":
      return { base, view: permuteView(view, e.attrs.axes) };
    case "broadcast":
      return { base, view: broadcastView(view, e.shape) };
    case "slice":
      return { base, view: sliceView(view, e.attrs.starts, e.attrs.steps, e.shape) };
    case "windows":
      return { base, view: windowsView(view, e.attrs, e.shape) };
  }
}

/** 0, 1, 2, … along one axis is a strided view of a single row of counters. */
const iotaStrides = (e: Expr & { op: "iota" }): View => ({
  shape: e.shape,
  strides: e.shape.map((_, i) => (i === e.attrs.axis ? 1 : 0)),
  offset: 0,
});

export interface Legalized {
  readonly roots: readonly Expr[];
  readonly resolve: (e: Expr) => Resolved;
}

export function legalize(roots: readonly Expr[]): Legalized {
  const resolved = new Map<Expr, Resolved>();
  const replacement = new Map<Expr, Expr>();
  const copies = new Map<Expr, Expr>();

  const resolve = (e: Expr): Resolved => {
    const found = resolved.get(e);
    if (found !== undefined) return found;
    let out: Resolved | null = null;
    if (e.op === "iota") out = { base: e, view: iotaStrides(e) };
    else if (isView(e)) out = viewThrough(e, resolve(e.inputs[0]!));
    out ??= { base: e, view: contiguous(e.shape) };
    resolved.set(e, out);
    return out;
  };
  const copied = (x: Expr): Expr => {
    if (!copies.has(x)) copies.set(x, copyOf(x));
    return copies.get(x)!;
  };
  const dense = (x: Expr): Expr => {
    const { base, view } = resolve(x);
    return uniformValue(x) === null && base.op !== "iota" && isContiguous(view) && view.offset === 0
      ? x
      : copied(x);
  };
  /** Read to the buffer's end: one that begins with the tensor is not enough. */
  const alone = (x: Expr): Expr => {
    const found = dense(x);
    return sizeOf(resolve(found).base.shape) === sizeOf(x.shape) ? found : copied(x);
  };
  /** Products read any strides, as long as one of the two matrix axes is contiguous. */
  const matrix = (x: Expr): Expr => {
    const [row, col] = resolve(x).view.strides.slice(-2);
    const [m, n] = x.shape.slice(-2);
    const fits = (col === 1 && (row! >= n! || m === 1)) || (row === 1 && (col! >= m! || n === 1));
    return uniformValue(x) === null && fits ? x : copied(x);
  };

  for (const node of topologicalOrder(roots)) {
    let inputs = node.inputs.map((x) => replacement.get(x)!);
    switch (node.op) {
      case "reshape":
        if (uniformValue(node) === null && reshapeView(resolve(inputs[0]!).view, node.shape) === null)
          inputs = [copied(inputs[0]!)];
        break;
      case "matmul":
        inputs = inputs.map(matrix);
        break;
      case "gather":
        inputs = [dense(inputs[0]!), alone(inputs[1]!)];
        break;
      case "scatterAdd":
        inputs = [alone(inputs[0]!), dense(inputs[1]!)];
        break;
      case "matrixFunction":
        inputs = inputs.map(alone);
        break;
    }
    const same = inputs.every((x, i) => x === node.inputs[i]);
    replacement.set(node, same ? node : remake(node, inputs));
  }
  return { roots: roots.map((r) => replacement.get(r)!), resolve };
}
