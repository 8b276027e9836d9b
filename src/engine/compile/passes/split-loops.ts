/**
 * Cuts loops that store very many tensors, as an optimizer's update of all vectors of one length: a GPU's compiler needs
 * minutes for 130 stores in one kernel. What the parts have in common is computed in each.
 */
import type { Expr } from "../../graph/expr.ts";
import type { Buffer, Kernel, LoopKernel, LoopStore, Lowered } from "../kernels.ts";
import { aligned } from "../nodes.ts";

/** Stores of one loop. */
const MAX_STORES = 64;

export const splitLoops = ({ kernels, ...rest }: Lowered): Lowered => ({
  ...rest,
  kernels: kernels.flatMap((k): readonly Kernel[] =>
    k.kind === "loop" && k.stores.length > MAX_STORES && k.reductions.length === 0 ? partsOf(k) : [k],
  ),
});

/** Stores that must stay in one loop, and what they read. */
interface Group {
  readonly stores: readonly LoopStore[];
  readonly reads: ReadonlySet<Expr>;
  readonly buffers: ReadonlySet<Buffer>;
}

function partsOf(kernel: LoopKernel): readonly LoopKernel[] {
  let groups: readonly Group[] = [];
  for (const store of kernel.stores) {
    const own = groupOf(store, kernel);
    const bound = groups.filter((g) => follows(g, own) || follows(own, g));
    groups = [...groups.filter((g) => !bound.includes(g)), [...bound, own].reduce(joined)];
  }
  const parts: Group[] = [];
  for (const g of groups) {
    const last = parts.at(-1);
    if (last !== undefined && last.stores.length + g.stores.length <= MAX_STORES)
      parts.splice(-1, 1, joined(last, g));
    else parts.push(g);
  }
  return parts.map(({ stores, reads }) => ({
    ...kernel,
    stores,
    members: kernel.members.filter((m) => reads.has(m)),
    loads: new Map([...kernel.loads].filter(([e]) => reads.has(e))),
  }));
}

function groupOf(store: LoopStore, { members, loads }: LoopKernel): Group {
  const own = new Set<Expr>(members);
  const reads = new Set<Expr>();
  const buffers = new Set<Buffer>();
  const stack = [store.value];
  while (stack.length > 0) {
    const e = aligned(stack.pop()!);
    if (reads.has(e)) continue;
    const load = loads.get(e);
    if (load === undefined && !own.has(e)) continue;
    reads.add(e);
    if (load === undefined) stack.push(...e.inputs);
    else buffers.add(load.buffer);
  }
  return { stores: [store], reads, buffers };
}

/** Does `b` read what `a` stores, as a value or from the memory that `a` overwrites? */
const follows = (a: Group, b: Group): boolean =>
  a.stores.some(({ value, to }) => b.reads.has(aligned(value)) || b.buffers.has(to.buffer));

const joined = (a: Group, b: Group): Group => ({
  stores: [...a.stores, ...b.stores],
  reads: new Set([...a.reads, ...b.reads]),
  buffers: new Set([...a.buffers, ...b.buffers]),
});
