/**
 * Puts kernels in an order in which every value is written before it is read, and lets the next value of a state
 * tensor overwrite the present one where nobody needs the present one any more.
 */
import { type Buffer, type Kernel, type Operand, touches } from "../kernels.ts";

export interface StateBuffers {
  readonly current: Buffer;
  readonly next: Buffer;
}

export function order(kernels: readonly Kernel[], states: readonly StateBuffers[]): Kernel[] {
  const reads = kernels.map((k) => new Set(touches(k).reads));
  const writers = new Map<Buffer, number[]>();
  kernels.forEach((k, i) => {
    for (const b of touches(k).writes) writers.set(b, [...(writers.get(b) ?? []), i]);
  });
  // kernels that must come before kernel i: whoever writes what it reads, and earlier writers of what it writes
  const before = kernels.map((k, i) => {
    const set = new Set<number>();
    for (const b of reads[i]!) for (const w of writers.get(b) ?? []) if (w !== i) set.add(w);
    for (const b of touches(k).writes) for (const w of writers.get(b) ?? []) if (w < i) set.add(w);
    return set;
  });
  // a kernel that accumulates into a buffer is both reader and writer of it: keep their given order
  before.forEach((set, i) => {
    for (const w of set)
      if (w > i && touches(kernels[w]!).writes.some((b) => touches(kernels[i]!).writes.includes(b)))
        set.delete(w);
  });

  const inPlace = new Map<Buffer, Buffer>();
  const late: Kernel[] = [];
  for (const { current, next } of states) {
    const [writer, ...others] = writers.get(next) ?? [];
    const readers = kernels.flatMap((_, i) => (reads[i]!.has(current) && i !== writer ? [i] : []));
    const safe =
      writer !== undefined &&
      others.length === 0 &&
      overwritesInStep(kernels[writer]!, current, next) &&
      !readers.some((r) => reaches(before, r, writer));
    if (safe) {
      inPlace.set(next, current);
      for (const r of readers) before[writer]!.add(r);
    } else late.push({ kind: "copy", from: next, to: current });
  }
  return [...sorted(kernels, before).map((k) => redirect(k, inPlace)), ...late];
}

/** Does the kernel read `current` only before it writes `next`, or at the very element it writes? */
function overwritesInStep(kernel: Kernel, current: Buffer, next: Buffer): boolean {
  if (kernel.kind === "matrix") return true; // the host has read all of its inputs before it writes
  if (kernel.kind !== "loop") return false;
  const store = kernel.stores.find((s) => s.to.buffer === next);
  if (store === undefined) return false; // a reduction's result: written after the loop has read
  return [...kernel.loads.values()].every((l) => l.buffer !== current || sameView(l, store.to));
}

const sameView = (a: Operand, b: Operand): boolean =>
  a.view.offset === b.view.offset &&
  a.view.strides.every((s, i) => s === b.view.strides[i] || a.view.shape[i] === 1);

/** Is `target` among the kernels that must precede `from`? */
function reaches(before: readonly ReadonlySet<number>[], from: number, target: number): boolean {
  const seen = new Set<number>();
  const stack = [from];
  while (stack.length > 0) {
    for (const p of before[stack.pop()!]!) {
      if (p === target) return true;
      if (!seen.has(p)) {
        seen.add(p);
        stack.push(p);
      }
    }
  }
  return false;
}

function sorted(kernels: readonly Kernel[], before: readonly ReadonlySet<number>[]): Kernel[] {
  const out: Kernel[] = [];
  const state = new Array<0 | 1 | 2>(kernels.length).fill(0);
  for (let root = 0; root < kernels.length; root++) {
    const stack = [root];
    while (stack.length > 0) {
      const i = stack[stack.length - 1]!;
      if (state[i] === 0) {
        state[i] = 1;
        for (const p of before[i]!) {
          if (state[p] === 1) throw new Error("internal: kernels wait for each other");
          if (state[p] === 0) stack.push(p);
        }
      } else {
        stack.pop();
        if (state[i] === 1) {
          state[i] = 2;
          out.push(kernels[i]!);
        }
      }
    }
  }
  return out;
}

/** The same kernel with some buffers exchanged for others. */
function redirect(k: Kernel, instead: ReadonlyMap<Buffer, Buffer>): Kernel {
  const buffer = (b: Buffer): Buffer => instead.get(b) ?? b;
  const operand = (o: Operand): Operand => ({ ...o, buffer: buffer(o.buffer) });
  switch (k.kind) {
    case "loop":
      return {
        ...k,
        loads: new Map([...k.loads].map(([e, o]) => [e, operand(o)])),
        stores: k.stores.map((s) => ({ ...s, to: operand(s.to) })),
        reductions: k.reductions.map((r) => ({ ...r, to: buffer(r.to) })),
      };
    case "matmul":
      return { ...k, a: operand(k.a), b: operand(k.b), to: buffer(k.to) };
    case "fill":
      return { ...k, to: buffer(k.to) };
    case "copy":
      return { ...k, from: buffer(k.from), to: buffer(k.to) };
    case "winograd":
      return { ...k, from: k.from.map(operand), to: buffer(k.to) };
    case "matrix":
      return {
        ...k,
        when: buffer(k.when),
        otherwise: buffer(k.otherwise),
        args: k.args.map(buffer),
        to: buffer(k.to),
      };
    case "gather":
    case "scatter":
      return { ...k, indices: buffer(k.indices), table: buffer(k.table), rows: buffer(k.rows) };
  }
}
