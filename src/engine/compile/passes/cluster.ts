/**
 * Decides which elementwise nodes and reductions share a loop. Nodes start alone; a node joins the loops its inputs
 * are computed in when both run over the same domain and nothing outside would have to run in between.
 */
import type { Expr } from "../../graph/expr.ts";
import { isElementwise, uniformValue } from "./simplify.ts";

/** Axes of size 1 carry no iterations. */
export const squeeze = (shape: readonly number[]): number[] => shape.filter((d) => d !== 1);

export const isReduction = (e: Expr): boolean =>
  e.op === "reduceSum" || e.op === "reduceMax" || e.op === "reduceMin" || e.op === "argmax";

/** Computed element by element (or reduced) inside a loop kernel. Uniform values are written as immediates. */
export const isFusible = (e: Expr): boolean =>
  (isElementwise(e.op) && uniformValue(e) === null) || isReduction(e);

/** Looks through reshapes that only add or drop axes of size 1: same element order, same loop index. */
export function aligned(e: Expr): Expr {
  while (e.op === "reshape" && squeeze(e.shape).join() === squeeze(e.inputs[0]!.shape).join())
    e = e.inputs[0]!;
  return e;
}

/** The loop domain of a fusible node. */
export const domainOf = (e: Expr): number[] => squeeze(isReduction(e) ? e.inputs[0]!.shape : e.shape);

/** Reduced axes, counted in the squeezed domain. */
export function reducedAxesOf(e: Expr): number[] {
  const axes =
    e.op === "argmax" ? [e.attrs.axis] : "axes" in e.attrs ? (e.attrs.axes as readonly number[]) : [];
  const shape = e.inputs[0]!.shape;
  return axes.filter((a) => shape[a] !== 1).map((a) => shape.slice(0, a).filter((d) => d !== 1).length);
}

export interface Cluster {
  readonly domain: readonly number[];
  reducedAxes: readonly number[] | null;
  members: Expr[];
}

/** True when `x` is computed inside loops over `domain`, element for element. */
const isAligned = (x: Expr, domain: string): boolean =>
  isElementwise(x.op) && isFusible(x) && squeeze(x.shape).join() === domain;

/** What a node waits for: sources that must be finished in memory before its loop starts. */
function sources(e: Expr, isMember: (x: Expr) => boolean): Expr[] {
  const out: Expr[] = [];
  const seen = new Set<Expr>();
  const visit = (x: Expr): void => {
    if (seen.has(x)) return;
    seen.add(x);
    if (isMember(x)) out.push(x);
    else x.inputs.forEach(visit);
  };
  e.inputs.forEach(visit);
  return out;
}

/** Functions whose polynomials fill the registers: two in one loop spill each other's constants and take half as long again. */
const polynomials = new Set<Expr["op"]>([
  "exp",
  "log",
  "log1p",
  "expm1",
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "erf",
  "pow",
]);
const HEAVY = 1;
const heavy = (c: Cluster): number => c.members.filter((m) => polynomials.has(m.op)).length;

export interface Units {
  readonly clusterOf: ReadonlyMap<Expr, Cluster>;
}

/**
 * Groups the fusible nodes of a topologically ordered graph. Nodes that are not fusible and not views (`isUnit`:
 * products, gathers, …) are units of their own and take part in the ordering.
 */
export function cluster(order: readonly Expr[], isUnit: (e: Expr) => boolean): Units {
  const parent: number[] = [];
  const clusters: Cluster[] = [];
  const before: Set<number>[] = []; // direct predecessors, by representative at insertion time
  const unitOf = new Map<Expr, number>();
  const find = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  const isMember = (e: Expr): boolean => unitOf.has(e);

  /** Does `from` wait for `target`, directly or through others? `own` also waits for what it has not joined yet. */
  const waitsFor = (from: number, target: number, own = -1, pending: readonly number[] = []): boolean => {
    const seen = new Set<number>([from]);
    const stack = [from];
    while (stack.length > 0) {
      const unit = stack.pop()!;
      for (const p of unit === own ? [...before[unit]!, ...pending] : before[unit]!) {
        const r = find(p);
        if (r === target) return true;
        if (!seen.has(r)) {
          seen.add(r);
          stack.push(r);
        }
      }
    }
    return false;
  };
  const compatible = (a: Cluster, b: Cluster): boolean =>
    heavy(a) + heavy(b) <= HEAVY &&
    a.domain.join() === b.domain.join() &&
    (a.reducedAxes === null || b.reducedAxes === null || a.reducedAxes.join() === b.reducedAxes.join());
  const merge = (i: number, j: number): void => {
    const [a, b] = [clusters[i]!, clusters[j]!];
    parent[j] = i;
    a.members.push(...b.members);
    a.reducedAxes ??= b.reducedAxes;
    for (const p of before[j]!) before[i]!.add(p);
    before[i]!.delete(i);
    before[i]!.delete(j);
  };
  const tryMerge = (a: number, b: number, pending: readonly number[] = []): void => {
    const [i, j] = [find(a), find(b)];
    if (i === j || !compatible(clusters[i]!, clusters[j]!)) return;
    if (!waitsFor(i, j, j, pending) && !waitsFor(j, i, j, pending)) merge(i, j);
  };

  for (const e of order) {
    const fusible = isFusible(e);
    if (!fusible && !isUnit(e)) continue;
    const own = parent.length;
    parent.push(own);
    const domain = domainOf(e);
    clusters.push({
      domain: fusible ? domain : [Number.NaN],
      reducedAxes: fusible && isReduction(e) ? reducedAxesOf(e) : null,
      members: [e],
    });
    before.push(new Set());
    const joined: number[] = [];
    const key = domain.join();
    for (const x of e.inputs) {
      const source = aligned(x);
      if (fusible && isAligned(source, key) && isMember(source)) joined.push(unitOf.get(source)!);
      else
        for (const s of isMember(x) ? [x] : sources({ ...e, inputs: [x] } as Expr, isMember))
          before[own]!.add(unitOf.get(s)!);
    }
    unitOf.set(e, own);
    // inputs that can be computed in the same loop: the node waits for each, until it has joined it
    for (const j of joined) {
      const others = joined.filter((k) => find(k) !== find(j) && find(k) !== find(own));
      tryMerge(j, own, others);
    }
    for (const j of joined) if (find(j) !== find(own)) before[find(own)]!.add(j);
  }
  mergeSiblings(order, unitOf, find, tryMerge);

  const clusterOf = new Map<Expr, Cluster>();
  const position = new Map(order.map((e, i) => [e, i]));
  for (const [e, u] of unitOf) if (isFusible(e)) clusterOf.set(e, clusters[find(u)]!);
  for (const c of new Set(clusterOf.values())) c.members.sort((a, b) => position.get(a)! - position.get(b)!);
  return { clusterOf };
}

/** Loops that read a common tensor over the same domain, and all scalar work, go together where allowed. */
function mergeSiblings(
  order: readonly Expr[],
  unitOf: ReadonlyMap<Expr, number>,
  find: (i: number) => number,
  tryMerge: (a: number, b: number) => void,
): void {
  const readers = new Map<Expr | "scalar", Set<number>>();
  const note = (key: Expr | "scalar", unit: number): void => {
    const set = readers.get(key) ?? new Set();
    readers.set(key, set.add(unit));
  };
  for (const e of order) {
    const unit = unitOf.get(e);
    if (unit === undefined || !isFusible(e)) continue;
    if (domainOf(e).length === 0) note("scalar", unit);
    else
      for (const x of e.inputs)
        if (uniformValue(x) === null && squeeze(x.shape).join() === domainOf(e).join())
          note(aligned(x), unit);
  }
  for (const units of readers.values()) {
    const list = [...new Set([...units].map(find))];
    for (let i = 1; i < list.length; i++)
      for (let j = 0; j < i && find(list[i]!) === list[i]; j++) tryMerge(list[j]!, list[i]!);
  }
}
