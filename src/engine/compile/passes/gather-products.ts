/**
 * Products with a column matrix that is only a copy of windows, as convolutions have them, read the windows themselves:
 * the copy goes. For code writers whose products can read their right side through offsets.
 */

import { isContiguous, type View } from "../../graph/strided.ts";
import type { Buffer, Kernel, LoopKernel, Lowered, MatmulKernel } from "../kernels.ts";
import { touches } from "../kernels.ts";

/** `only`: the products that may, once they read the windows. */
export function gatherProducts(
  { kernels, named }: Lowered,
  only: (k: MatmulKernel) => boolean = () => true,
): Lowered {
  const kept = new Set<Buffer>(named.values());
  const dropped = new Set<Kernel>();
  const instead = new Map<Kernel, MatmulKernel>();
  kernels.forEach((copy, at) => {
    const source = copiedThrough(copy);
    if (source === null || source.to.kept || kept.has(source.to)) return;
    const users = kernels.flatMap((k, i) => (touches(k).reads.includes(source.to) ? [i] : []));
    const last = Math.max(...users);
    const readers = users.map((i) => kernels[i]!);
    const fits =
      users.length > 0 &&
      users.every((i) => i > at) &&
      kernels.every((k, i) => i === at || !touches(k).writes.includes(source.to)) &&
      readers.every((k): k is MatmulKernel => reads(k, source.to, source.view)) &&
      !kernels.slice(at, last).some((k) => touches(k).writes.includes(source.from));
    if (!fits) return;
    const gathered = (readers as MatmulKernel[]).map((k): [Kernel, MatmulKernel] => [
      k,
      { ...k, b: { buffer: source.from, view: k.b.view }, through: source.view },
    ]);
    if (!gathered.every(([, k]) => only(k))) return;
    dropped.add(copy);
    for (const [k, now] of gathered) instead.set(k, now);
  });
  return { kernels: kernels.filter((k) => !dropped.has(k)).map((k) => instead.get(k) ?? k), named };
}

/** What a loop that does nothing but copy reads, through which view, and the buffer that it fills. */
function copiedThrough(k: Kernel): { from: Buffer; view: View; to: Buffer } | null {
  if (k.kind !== "loop" || !isCopy(k)) return null;
  const [load] = [...k.loads.values()];
  const { to, accumulate } = k.stores[0]!;
  const fills = isContiguous(to.view) && to.view.offset === 0 && countOf(to.view) === to.buffer.count;
  if (load === undefined || accumulate || !fills || load.buffer.dtype !== to.buffer.dtype) return null;
  return { from: load.buffer, view: load.view, to: to.buffer };
}

/** Does a loop do nothing but copy? */
export const isCopy = ({ members, loads, stores, reductions }: LoopKernel): boolean =>
  members.length === 1 &&
  members[0]!.op === "stopGradient" &&
  loads.size === 1 &&
  stores.length === 1 &&
  reductions.length === 0;

const countOf = (view: View): number => view.shape.reduce((n, d) => n * d, 1);

/** Does the product read the copy as its right side alone, in axes that are whole axes of what was copied? */
function reads(k: Kernel, copy: Buffer, through: View): boolean {
  if (k.kind !== "matmul" || k.a.buffer === copy || k.through !== undefined || copy.dtype !== "float32")
    return false;
  const { shape, strides, offset } = k.b.view;
  const bounds = new Set([1]);
  for (let i = through.shape.length - 1, p = 1; i >= 0; i--) bounds.add((p *= through.shape[i]!));
  const whole = shape.every(
    (d, i) => d === 1 || strides[i] === 0 || (bounds.has(strides[i]!) && bounds.has(strides[i]! * d)),
  );
  const lead = shape
    .slice(0, -2)
    .every((_, i) => shape[i] === 1 || isLinear(through, shape[i]!, strides[i]!));
  return whole && lead && offset === 0 && shape.every((d) => d > 0);
}

/** The axes of `through` that an axis of `size` elements, `stride` apart, runs over; outermost first. */
export function digitsOf(through: View, size: number, stride: number): { size: number; stride: number }[] {
  const out: { size: number; stride: number }[] = [];
  for (let i = through.shape.length - 1, p = 1; i >= 0; i--) {
    if (p >= stride && p < stride * size)
      out.unshift({ size: through.shape[i]!, stride: through.strides[i]! });
    p *= through.shape[i]!;
  }
  return out.filter((d) => d.size !== 1);
}

const isLinear = (through: View, size: number, stride: number): boolean =>
  stride === 0 || digitsOf(through, size, stride).length === 1;
