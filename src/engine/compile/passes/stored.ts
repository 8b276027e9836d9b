/** Which values are kept in memory, and which are made in the loop that reads them. */
import { type Expr, isElementwise, isView, type NodeOf } from "../../graph/expr.ts";
import { type ElementwisePrimitive, primitives } from "../../graph/primitives.ts";
import { aligned, isFusible, squeeze, uniformValue } from "../nodes.ts";
import type { Cluster } from "./cluster.ts";
import type { Legalized } from "./legalize.ts";

export type ClusterOf = ReadonlyMap<Expr, Cluster>;

/** Made in the loop of its user anyway? */
export const sharesLoop = (x: Expr, user: Cluster, clusterOf: ClusterOf): boolean =>
  isElementwise(x) && clusterOf.get(x) === user && squeeze(x.shape).join() === user.domain.join();

/** Cheap enough, and of a shape, to be computed again in the user's loop. */
const isCandidate = (x: Expr, user: Cluster): x is NodeOf<ElementwisePrimitive> =>
  isElementwise(x) &&
  isFusible(x) &&
  primitives[x.op].cost === "cheap" &&
  squeeze(x.shape).join() === user.domain.join();

/**
 * Computed again in the user's loop, from values that lie in memory anyway: made by no loop, or, where it is one value alone,
 * among those `stored`.
 */
export function isInlined(
  x: Expr,
  user: Cluster,
  stored: ReadonlySet<Expr>,
): x is NodeOf<ElementwisePrimitive> {
  if (!isCandidate(x, user)) return false;
  const sources = x.inputs.filter((y) => uniformValue(y) === null).map(aligned);
  return sources.every((y) => !(isElementwise(y) && isFusible(y)) || (sources.length === 1 && stored.has(y)));
}

/** Nodes whose values must be in memory: the host or somebody outside their loop reads them. */
export function storedNodes(
  nodes: readonly Expr[],
  clusterOf: ClusterOf,
  { roots, resolve }: Legalized,
): ReadonlySet<Expr> {
  const stored = new Set<Expr>(roots);
  const undecided: (() => void)[] = [];
  const readBy = (user: Cluster, x: Expr): void => {
    if (uniformValue(x) !== null) return;
    const source = aligned(x);
    if (sharesLoop(source, user, clusterOf)) return;
    if (isCandidate(source, user)) undecided.push(() => decide(user, x, source));
    else stored.add(resolve(x).base);
  };
  const decide = (user: Cluster, x: Expr, source: Expr): void => {
    if (isInlined(source, user, stored)) for (const y of source.inputs) readBy(user, y);
    else stored.add(resolve(x).base);
  };
  for (const node of nodes) {
    const own = clusterOf.get(node);
    if (own !== undefined) for (const x of node.inputs) readBy(own, x);
    else if (!isView(node)) for (const x of node.inputs) stored.add(resolve(x).base);
  }
  for (const question of undecided) question();
  return stored;
}
