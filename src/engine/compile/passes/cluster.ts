/**
 * Decides which elementwise nodes and reductions share a loop. Nodes start alone; a node joins the loops its inputs
 * are computed in when both run over the same domain and nothing outside would have to run in between.
 */
import { type Expr, isElementwise, isKernel, isReduction } from "../../graph/expr.ts";
import { primitives } from "../../graph/primitives.ts";
import { aligned, type Fusible, isFusible, squeeze, uniformValue } from "../nodes.ts";

/** Nodes of one loop kernel. */
export interface Cluster {
  /** Sizes of the loops; axes of size 1 are left out. */
  readonly domain: readonly number[];
  /** Axes of the domain that are reduced; null while nothing is. */
  reducedAxes: readonly number[] | null;
  readonly members: Fusible[];
}

const domainOf = (e: Fusible): number[] => squeeze(isReduction(e) ? e.inputs[0]!.shape : e.shape);

/** Reduced axes, counted in the squeezed domain. */
function reducedAxesOf(e: Fusible): number[] | null {
  if (!isReduction(e)) return null;
  const axes = e.op === "argmax" ? [e.attrs.axis] : e.attrs.axes;
  const shape = e.inputs[0]!.shape;
  return axes.filter((a) => shape[a] !== 1).map((a) => squeeze(shape.slice(0, a)).length);
}

/** Groups the fusible nodes of a topologically ordered graph. */
export function cluster(order: readonly Expr[]): ReadonlyMap<Expr, Cluster> {
  const units = makeUnits();
  const unitOf = new Map<Expr, number>();
  for (const e of order) if (isFusible(e) || isKernel(e)) place(e, units, unitOf);
  mergeSiblings(order, units, unitOf);

  const clusterOf = new Map<Expr, Cluster>();
  for (const [e, unit] of unitOf) {
    const own = units.clusterOf(unit);
    if (own !== null) clusterOf.set(e, own);
  }
  const position = new Map(order.map((e, i) => [e, i]));
  for (const c of new Set(clusterOf.values())) c.members.sort((a, b) => position.get(a)! - position.get(b)!);
  return clusterOf;
}

/** A loop, or a kernel of its own (`cluster` null), which takes part in the ordering alone. */
interface Unit {
  /** The unit this one has joined, or itself. */
  parent: number;
  readonly cluster: Cluster | null;
  /** Members that are polynomials: counted as they come, for every pair of units is looked at. */
  polynomials: number;
  /** Units that must have run, as they were known when noted. */
  readonly before: Set<number>;
}

interface Units {
  readonly add: (cluster: Cluster | null) => number;
  /** The unit that stands for all that `unit` has been merged with. */
  readonly find: (unit: number) => number;
  readonly clusterOf: (unit: number) => Cluster | null;
  readonly wait: (unit: number, forUnit: number) => void;
  /** Makes one loop of both if that is allowed. Unit b also waits for `pending`, which it has not joined yet. */
  readonly tryMerge: (a: number, b: number, pending?: readonly number[]) => void;
}

function makeUnits(): Units {
  const units: Unit[] = [];
  const find = (i: number): number => {
    while (units[i]!.parent !== i) i = units[i]!.parent = units[units[i]!.parent]!.parent;
    return i;
  };
  /** Does `from` wait for `target`, directly or through others? `own` also waits for `pending`. */
  const waitsFor = (from: number, target: number, own: number, pending: readonly number[]): boolean => {
    const seen = new Set<number>([from]);
    const stack = [from];
    while (stack.length > 0) {
      const unit = stack.pop()!;
      const { before } = units[unit]!;
      for (const p of unit === own ? [...before, ...pending] : before) {
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
  return {
    add: (cluster) =>
      units.push({ parent: units.length, cluster, polynomials: polynomialsIn(cluster), before: new Set() }) -
      1,
    find,
    clusterOf: (unit) => units[find(unit)]!.cluster,
    wait: (unit, forUnit) => units[find(unit)]!.before.add(forUnit),
    tryMerge: (a, b, pending = []) => {
      const [i, j] = [find(a), find(b)];
      const [into, from] = [units[i]!, units[j]!];
      if (i === j || into.cluster === null || from.cluster === null) return;
      if (into.polynomials + from.polynomials > MAX_POLYNOMIALS) return;
      if (!compatible(into.cluster, from.cluster)) return;
      if (waitsFor(i, j, j, pending) || waitsFor(j, i, j, pending)) return;
      from.parent = i;
      into.polynomials += from.polynomials;
      into.cluster.members.push(...from.cluster.members);
      into.cluster.reducedAxes ??= from.cluster.reducedAxes;
      for (const p of from.before) into.before.add(p);
      into.before.delete(i);
      into.before.delete(j);
    },
  };
}

/** Polynomials fill the registers: two in one loop spill each other's constants and take half as long again. */
const MAX_POLYNOMIALS = 1;
const polynomialsIn = (c: Cluster | null): number =>
  c?.members.filter((m) => isElementwise(m) && primitives[m.op].cost === "polynomial").length ?? 0;

const compatible = (a: Cluster, b: Cluster): boolean =>
  a.domain.join() === b.domain.join() &&
  (a.reducedAxes === null || b.reducedAxes === null || a.reducedAxes.join() === b.reducedAxes.join());

/** Gives the node a unit, and joins it to the loops of its inputs where that is allowed. */
function place(e: Expr, units: Units, unitOf: Map<Expr, number>): void {
  const loop = isFusible(e) ? { domain: domainOf(e), reducedAxes: reducedAxesOf(e), members: [e] } : null;
  const own = units.add(loop);
  const inSameLoop: number[] = [];
  for (const x of e.inputs) {
    const source = aligned(x);
    const unit = unitOf.get(source);
    if (loop !== null && unit !== undefined && runsOver(source, loop.domain)) inSameLoop.push(unit);
    else for (const s of sources(x, unitOf)) units.wait(own, unitOf.get(s)!);
  }
  unitOf.set(e, own);
  // the node waits for each of these, until it has joined it
  for (const j of inSameLoop) {
    const others = inSameLoop.filter(
      (k) => units.find(k) !== units.find(j) && units.find(k) !== units.find(own),
    );
    units.tryMerge(j, own, others);
  }
  for (const j of inSameLoop) if (units.find(j) !== units.find(own)) units.wait(own, j);
}

/** True when `x` is computed inside loops over `domain`, element for element. */
const runsOver = (x: Expr, domain: readonly number[]): boolean =>
  isElementwise(x) && isFusible(x) && squeeze(x.shape).join() === domain.join();

/** The nodes with a unit that `x` is made from: they must be finished before it is read. */
function sources(x: Expr, unitOf: ReadonlyMap<Expr, number>): Expr[] {
  const out: Expr[] = [];
  const seen = new Set<Expr>();
  const stack = [x];
  while (stack.length > 0) {
    const e = stack.pop()!;
    if (seen.has(e)) continue;
    seen.add(e);
    if (unitOf.has(e)) out.push(e);
    else stack.push(...e.inputs);
  }
  return out;
}

/** Loops that read a common tensor over the same domain, and all scalar work, go together where allowed. */
function mergeSiblings(order: readonly Expr[], units: Units, unitOf: ReadonlyMap<Expr, number>): void {
  const readers = new Map<Expr | "scalar", Set<number>>();
  const note = (key: Expr | "scalar", unit: number): void => {
    const set = readers.get(key) ?? new Set();
    readers.set(key, set.add(unit));
  };
  for (const e of order) {
    const unit = unitOf.get(e);
    if (unit === undefined || !isFusible(e)) continue;
    const domain = domainOf(e);
    if (domain.length === 0) note("scalar", unit);
    else
      for (const x of e.inputs)
        if (uniformValue(x) === null && squeeze(x.shape).join() === domain.join()) note(aligned(x), unit);
  }
  for (const members of readers.values()) {
    const list = [...new Set([...members].map(units.find))];
    for (let i = 1; i < list.length; i++)
      for (let j = 0; j < i && units.find(list[i]!) === list[i]; j++) units.tryMerge(list[j]!, list[i]!);
  }
}
