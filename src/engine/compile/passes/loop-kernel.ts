/** Loop kernels: of a cluster, and of a plain move of elements. */
import { type Expr, isReduction, type NodeOf } from "../../graph/expr.ts";
import type { ElementwisePrimitive } from "../../graph/primitives.ts";
import { contiguous, permuteView } from "../../graph/strided.ts";
import type { LoopKernel, LoopReduction, LoopStore, Operand } from "../kernels.ts";
import { aligned, copyOf, squeeze, squeezeView, uniformValue } from "../nodes.ts";
import type { Buffers } from "./buffers.ts";
import type { Cluster } from "./cluster.ts";
import { type ClusterOf, isInlined, sharesLoop } from "./stored.ts";

export function loopKernel(
  own: Cluster,
  clusterOf: ClusterOf,
  stored: ReadonlySet<Expr>,
  buffers: Buffers,
): LoopKernel {
  const members: NodeOf<ElementwisePrimitive>[] = [];
  const repeated = new Set<Expr>();
  const loads = new Map<Expr, Operand>();
  /** Makes x available in the loop: there already, computed again, or loaded. */
  const use = (x: Expr): void => {
    if (uniformValue(x) !== null) return;
    const source = aligned(x);
    if (sharesLoop(source, own, clusterOf)) return;
    if (isInlined(source, own, stored)) {
      if (repeated.has(source)) return;
      repeated.add(source);
      source.inputs.forEach(use);
      members.push(source);
      return;
    }
    const { buffer, view } = buffers.operand(x);
    loads.set(source, { buffer, view: squeezeView(view) });
  };
  const stores: LoopStore[] = [];
  const reductions: LoopReduction[] = [];
  for (const node of own.members) {
    node.inputs.forEach(use);
    if (isReduction(node)) reductions.push({ node, value: node.inputs[0]!, to: buffers.of(node) });
    else {
      members.push(node);
      if (stored.has(node)) {
        const to = { buffer: buffers.of(node), view: contiguous(own.domain) };
        stores.push({ value: node, to, accumulate: false });
      }
    }
  }
  const { domain, reducedAxes } = own;
  return { kind: "loop", domain, reducedAxes: reducedAxes ?? [], members, loads, stores, reductions };
}

/**
 * A loop that copies x, through its view, to a place; with `accumulate` it is added to what lies there, in the order of
 * x's memory: overlapping windows then reach one place in passes far apart, and no store waits for the one before.
 */
export function moveKernel(
  x: Expr,
  to: Operand,
  buffers: Buffers,
  { accumulate = false }: { accumulate?: boolean } = {},
): LoopKernel {
  const copy = copyOf(x);
  const loads = new Map<Expr, Operand>();
  let axes = [...squeeze(x.shape).keys()];
  if (uniformValue(x) === null) {
    const { buffer, view } = buffers.operand(x);
    const from = squeezeView(view);
    if (accumulate) axes = axes.sort((a, b) => from.strides[b]! - from.strides[a]!);
    loads.set(aligned(x), { buffer, view: permuteView(from, axes) });
  }
  const place = permuteView(squeezeView(to.view), axes);
  return {
    kind: "loop",
    domain: place.shape,
    reducedAxes: [],
    members: [copy],
    loads,
    stores: [{ value: copy, to: { buffer: to.buffer, view: place }, accumulate }],
    reductions: [],
  };
}
