/** From a program's expressions to kernels over buffers: the passes, in order. */
import { type ProgramSpec, requireInputs } from "../backend.ts";
import { type Expr, type Node, topologicalOrder } from "../graph/expr.ts";
import type { WindowProducts } from "../graph/primitives.ts";
import type { Lowered, WindowRewrite } from "./kernels.ts";
import { assignBuffers } from "./passes/buffers.ts";
import { cluster } from "./passes/cluster.ts";
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
  const declared = rootsOf(spec);
  const products = productsOf(declared);
  const rewritten = rewriteOf(products)(finer(masks(simplify(declared))));
  const legal = legalize(separateRoots(rewritten));
  const nodes = topologicalOrder(legal.roots);
  const clusterOf = cluster(nodes);
  const stored = storedNodes(nodes, clusterOf, legal);
  const buffers = assignBuffers(spec, legal);
  const kernels = makeKernels(nodes, clusterOf, stored, buffers);
  return {
    kernels: order(kernels, buffers.states),
    named: buffers.named,
    products,
  };
}

function productsOf(roots: readonly Expr[]): WindowProducts | undefined {
  const windowed = topologicalOrder(roots).find(
    (e): e is Node<"windows"> => e.op === "windows" && e.attrs.products !== undefined,
  );
  return windowed?.attrs.products;
}

const rewriteOf = (products: WindowProducts | undefined): WindowRewrite["rewrite"] =>
  products !== undefined && "rewrite" in products
    ? (products as WindowRewrite).rewrite
    : (roots) => [...roots];
