/** From a program's expressions to kernels over buffers: the passes, in order. */
import { type ProgramSpec, requireInputs } from "../backend.ts";
import { type Node, topologicalOrder } from "../graph/expr.ts";
import type { Lowered } from "./kernels.ts";
import { assignBuffers } from "./passes/buffers.ts";
import { cluster } from "./passes/cluster.ts";
import { convolutions } from "./passes/convolutions.ts";
import { finer } from "./passes/finer.ts";
import { legalize } from "./passes/legalize.ts";
import { makeKernels } from "./passes/make-kernels.ts";
import { masks } from "./passes/masks.ts";
import { order } from "./passes/order.ts";
import { rootsOf, separateRoots } from "./passes/roots.ts";
import { simplify } from "./passes/simplify.ts";
import { storedNodes } from "./passes/stored.ts";

export function lower(spec: ProgramSpec): Lowered {
  requireInputs(spec);
  const roots = separateRoots(convolutions(finer(masks(simplify(rootsOf(spec))))));
  const legal = legalize(roots);
  const nodes = topologicalOrder(legal.roots);
  const clusterOf = cluster(nodes);
  const stored = storedNodes(nodes, clusterOf, legal);
  const buffers = assignBuffers(spec, legal);
  const kernels = makeKernels(nodes, clusterOf, stored, buffers);
  const windowed = nodes.find(
    (e): e is Node<"windows"> => e.op === "windows" && e.attrs.products !== undefined,
  );
  return {
    kernels: order(kernels, buffers.states),
    named: buffers.named,
    products: windowed?.attrs.products,
  };
}
