/** From a program's expressions to kernels over buffers. */
import type { ProgramSpec } from "../backend.ts";
import { allocate, type DType, type TypedArray } from "../graph/dtype.ts";
import { type Expr, topologicalOrder } from "../graph/expr.ts";
import { sizeOf } from "../graph/shape.ts";
import {
  contiguous,
  isContiguous,
  permuteView,
  sliceView,
  type View,
  windowsView,
} from "../graph/strided.ts";
import type { Buffer, Kernel, LoopKernel, Operand, Reduction } from "./kernels.ts";
import { aligned, type Cluster, cluster, isFusible, isReduction, squeeze } from "./passes/cluster.ts";
import { copyOf, isView, legalize } from "./passes/legalize.ts";
import { order } from "./passes/order.ts";
import { isElementwise, simplify, uniformValue } from "./passes/simplify.ts";

export interface Lowered {
  readonly kernels: readonly Kernel[];
  readonly buffers: readonly Buffer[];
  /** Buffers of inputs, state and outputs by name. */
  readonly named: ReadonlyMap<string, Buffer>;
}

/** Computed by kernels of their own. */
const isUnit = (e: Expr): boolean =>
  e.op === "matmul" ||
  e.op === "gather" ||
  e.op === "scatterAdd" ||
  e.op === "pad" ||
  e.op === "concat" ||
  e.op === "foldWindows";

/** Cheap enough to compute again rather than store and load. */
const cheap = new Set<Expr["op"]>([
  "neg",
  "abs",
  "not",
  "cast",
  "add",
  "sub",
  "mul",
  "max",
  "min",
  "eq",
  "lt",
  "le",
  "and",
  "or",
  "select",
]);

export function lower(spec: ProgramSpec): Lowered {
  const targets = [...spec.outputs.map((o) => o.value), ...spec.state.map((s) => s.next)];
  const { roots, resolve } = legalize(ownedRoots(simplify(targets)));
  const nodes = topologicalOrder(roots);
  const { clusterOf } = cluster(nodes, isUnit);

  const buffers: Buffer[] = [];
  const newBuffer = (dtype: DType, count: number, kept: boolean, data?: TypedArray): Buffer => {
    const buffer: Buffer = { id: buffers.length, dtype, count, kept, data };
    buffers.push(buffer);
    return buffer;
  };
  const named = new Map<string, Buffer>();
  const home = new Map<Expr, Buffer>();
  for (const leaf of [...spec.inputs, ...spec.state.map((s) => s.input)]) {
    const buffer = newBuffer(leaf.dtype, sizeOf(leaf.shape), true);
    named.set(leaf.attrs.name, buffer);
    home.set(leaf as Expr, buffer);
  }
  spec.outputs.forEach((o, i) => {
    const buffer = newBuffer(o.value.dtype, sizeOf(o.value.shape), true);
    named.set(o.name, buffer);
    home.set(roots[i]!, buffer);
  });
  // a state's next value is computed beside the old one; order() lets it take the old one's place where that is safe
  const states = spec.state.map((s, i) => {
    const root = roots[spec.outputs.length + i]!;
    const next = newBuffer(s.next.dtype, sizeOf(s.next.shape), false);
    home.set(root, next);
    return { current: home.get(s.input as Expr)!, next };
  });

  const bufferOf = (base: Expr): Buffer => {
    let buffer = home.get(base);
    if (buffer === undefined) {
      buffer = makeBuffer(base, newBuffer);
      home.set(base, buffer);
    }
    return buffer;
  };
  const operand = (x: Expr): Operand => {
    const { base, view } = resolve(x);
    return { buffer: bufferOf(base), view };
  };

  const kernels: Kernel[] = [];
  const built = new Set<Cluster>();
  const wanted = storedNodes(nodes, clusterOf, resolve, new Set(roots));
  for (const node of nodes) {
    const own = clusterOf.get(node);
    if (own !== undefined && !built.has(own)) {
      built.add(own);
      kernels.push(loopKernel(own, clusterOf, wanted, operand, bufferOf));
    } else if (isUnit(node)) kernels.push(...unitKernels(node, operand, bufferOf(node)));
  }
  return { kernels: order(kernels, states), buffers, named };
}

/** Each root gets a node of its own that a kernel can write to its place: a copy where it is a view, a leaf or shared. */
function ownedRoots(roots: readonly Expr[]): Expr[] {
  const taken = new Set<Expr>();
  return roots.map((root) => {
    const own = (isFusible(root) || isUnit(root)) && !taken.has(root) ? root : copyOf(root);
    taken.add(own);
    return own;
  });
}

function makeBuffer(
  base: Expr,
  newBuffer: (dtype: DType, count: number, kept: boolean, data?: TypedArray) => Buffer,
): Buffer {
  if (base.op === "iota") {
    const length = base.shape[base.attrs.axis]!;
    return newBuffer(
      "int32",
      length,
      true,
      Int32Array.from({ length }, (_, i) => i),
    );
  }
  if (base.op === "constant") {
    const { value } = base.attrs;
    const data = allocate(base.dtype, sizeOf(base.shape));
    if (typeof value === "number") data.fill(value);
    else data.set(value);
    return newBuffer(base.dtype, data.length, true, data);
  }
  return newBuffer(base.dtype, sizeOf(base.shape), false);
}

/** In the same loop as its user? */
const sharesLoop = (x: Expr, user: Cluster, clusterOf: ReadonlyMap<Expr, Cluster>): boolean =>
  isFusible(x) &&
  isElementwise(x.op) &&
  clusterOf.get(x) === user &&
  squeeze(x.shape).join() === user.domain.join();

/** Computed again in the user's loop, from values that lie in memory anyway. */
const isInlined = (x: Expr, user: Cluster): boolean =>
  isFusible(x) &&
  cheap.has(x.op) &&
  squeeze(x.shape).join() === user.domain.join() &&
  x.inputs.every((y) => uniformValue(y) !== null || !(isFusible(aligned(y)) && isElementwise(aligned(y).op)));

/** Fusible nodes whose values must be in memory: somebody reads them from outside their loop. */
function storedNodes(
  nodes: readonly Expr[],
  clusterOf: ReadonlyMap<Expr, Cluster>,
  resolve: (e: Expr) => { base: Expr },
  roots: ReadonlySet<Expr>,
): Set<Expr> {
  const wanted = new Set<Expr>(roots);
  const readBy = (user: Cluster, x: Expr): void => {
    if (uniformValue(x) !== null) return;
    const source = aligned(x);
    if (sharesLoop(source, user, clusterOf)) return;
    if (isInlined(source, user)) for (const y of source.inputs) readBy(user, y);
    else wanted.add(resolve(x).base);
  };
  for (const node of nodes) {
    const own = clusterOf.get(node);
    if (own !== undefined) for (const x of node.inputs) readBy(own, x);
    else if (!isView(node)) for (const x of node.inputs) wanted.add(resolve(x).base);
  }
  return wanted;
}

/** A view without its axes of size 1. */
const squeezed = (v: View): View => ({
  shape: squeeze(v.shape),
  strides: v.strides.filter((_, i) => v.shape[i] !== 1),
  offset: v.offset,
});

function loopKernel(
  own: Cluster,
  clusterOf: ReadonlyMap<Expr, Cluster>,
  wanted: ReadonlySet<Expr>,
  operand: (x: Expr) => Operand,
  bufferOf: (base: Expr) => Buffer,
): LoopKernel {
  const members: Expr[] = [];
  const placed = new Set<Expr>();
  const loads = new Map<Expr, Operand>();
  /** Makes x available in the loop and returns the node that stands for it. */
  const use = (x: Expr): void => {
    if (uniformValue(x) !== null) return;
    const source = aligned(x);
    if (sharesLoop(source, own, clusterOf)) return;
    if (isInlined(source, own)) {
      if (placed.has(source)) return;
      placed.add(source);
      source.inputs.forEach(use);
      members.push(source);
      return;
    }
    const { buffer, view } = operand(x);
    loads.set(source, { buffer, view: squeezed(view) });
  };
  const stores: { value: Expr; to: Operand; accumulate: boolean }[] = [];
  const reductions: { node: Reduction; value: Expr; to: Buffer }[] = [];
  for (const node of own.members) {
    node.inputs.forEach(use);
    if (isReduction(node))
      reductions.push({ node: node as Reduction, value: node.inputs[0]!, to: bufferOf(node) });
    else {
      members.push(node);
      if (wanted.has(node))
        stores.push({
          value: node,
          to: { buffer: bufferOf(node), view: contiguous(own.domain) },
          accumulate: false,
        });
    }
  }
  return {
    kind: "loop",
    domain: own.domain,
    reducedAxes: own.reducedAxes ?? [],
    members,
    loads,
    stores,
    reductions,
  };
}

/** A loop that copies x (through its view) to a place. */
function moveKernel(x: Expr, operand: (x: Expr) => Operand, to: Operand, accumulate = false): LoopKernel {
  const uniform = uniformValue(x) !== null;
  const copy = copyOf(x);
  const loads = uniform ? [] : [[aligned(x), { ...operand(x), view: squeezed(operand(x).view) }] as const];
  return {
    kind: "loop",
    domain: squeeze(x.shape),
    reducedAxes: [],
    members: [copy],
    loads: new Map(loads),
    stores: [{ value: copy, to: { buffer: to.buffer, view: squeezed(to.view) }, accumulate }],
    reductions: [],
  };
}

function unitKernels(node: Expr, operand: (x: Expr) => Operand, to: Buffer): Kernel[] {
  const place = contiguous(node.shape);
  const [x, y] = node.inputs as readonly [Expr, Expr];
  switch (node.op) {
    case "matmul":
      return [
        {
          kind: "matmul",
          a: transposed(operand(x), node.attrs.transposeA),
          b: transposed(operand(y), node.attrs.transposeB),
          to,
        },
      ];
    case "gather":
      return [rows("gather", operand(y), operand(x), to, x.shape)];
    case "scatterAdd":
      return [
        { kind: "fill", to, value: 0 },
        rows("scatter", operand(x), { buffer: to, view: place }, operand(y).buffer, node.shape),
      ];
    case "pad":
      return [
        { kind: "fill", to, value: node.attrs.value },
        moveKernel(x, operand, {
          buffer: to,
          view: sliceView(place, node.attrs.low, node.attrs.steps, x.shape),
        }),
      ];
    case "concat": {
      let start = 0;
      return node.inputs.map((part) => {
        const starts = node.shape.map((_, i) => (i === node.attrs.axis ? start : 0));
        start += part.shape[node.attrs.axis]!;
        const view = sliceView(place, starts, node.shape.map(() => 1), part.shape); // biome-ignore format: one call
        return moveKernel(part, operand, { buffer: to, view });
      });
    }
    case "foldWindows":
      return [
        { kind: "fill", to, value: 0 },
        moveKernel(x, operand, { buffer: to, view: windowsView(place, node.attrs, x.shape) }, true),
      ];
    default:
      throw new Error(`internal: ${node.op} has no kernel`);
  }
}

function transposed(o: Operand, swap: boolean): Operand {
  const r = o.view.shape.length;
  const axes = [...o.view.shape.keys()];
  return swap ? { ...o, view: permuteView(o.view, [...axes.slice(0, r - 2), r - 1, r - 2]) } : o;
}

function rows(
  kind: "gather" | "scatter",
  indices: Operand,
  table: Operand,
  rowBuffer: Buffer,
  tableShape: readonly number[],
): Kernel {
  for (const o of [indices, table])
    if (!isContiguous(o.view)) throw new Error("internal: rows of a strided table");
  return {
    kind,
    indices: offsetless(indices),
    table: offsetless(table),
    rows: rowBuffer,
    tableRows: tableShape[0]!,
    width: sizeOf(tableShape.slice(1)),
  };
}

function offsetless(o: Operand): Buffer {
  if (o.view.offset !== 0) throw new Error("internal: rows from the middle of a buffer");
  return o.buffer;
}
