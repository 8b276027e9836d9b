/** One kernel for each cluster, and those of the primitives that have their own; in the order of the graph. */
import { type Expr, isKernel } from "../../graph/expr.ts";
import type { Kernel } from "../kernels.ts";
import type { Buffers } from "./buffers.ts";
import type { Cluster } from "./cluster.ts";
import { loopKernel } from "./loop-kernel.ts";
import { ownKernels } from "./own-kernels.ts";
import type { ClusterOf } from "./stored.ts";

export function makeKernels(
  nodes: readonly Expr[],
  clusterOf: ClusterOf,
  stored: ReadonlySet<Expr>,
  buffers: Buffers,
): Kernel[] {
  const made = new Set<Cluster>();
  return nodes.flatMap((node) => {
    if (isKernel(node)) return ownKernels(node, buffers);
    const own = clusterOf.get(node);
    if (own === undefined || made.has(own)) return [];
    made.add(own);
    return [loopKernel(own, clusterOf, stored, buffers)];
  });
}
