/** The loop nest of a loop kernel: which axis runs where, which is vectorised, and how far each operand moves. */
import { bytesOf } from "../../graph/dtype.ts";
import type { Expr } from "../../graph/expr.ts";
import type { LoopKernel, Operand, Reduction } from "../kernels.ts";
import { laneBytes } from "./lane-bytes.ts";

/** A place in memory that moves with the loops. Operands that move alike share one offset variable. */
export interface Stream {
  readonly operand: Operand;
  /**
   * Bytes per iteration of each loop, outermost first. In the innermost one less than an element's bytes where several
   * iterations in a row find the same element.
   */
  readonly strides: readonly number[];
  /** Where given, iterations of the innermost loop find so many elements in turn, side by side. */
  readonly cycle?: number | undefined;
  /** Index into `LoopPlan.groups`. */
  readonly group: number;
}

export interface LoopPlan {
  /** Iterations of each loop, outermost first; empty for a single element. */
  readonly sizes: readonly number[];
  /** Loops from here on are reduced; equals sizes.length without reductions. */
  readonly firstReduced: number;
  /** The loop whose iterations run several at a time. In column mode the reduced loops lie inside it. */
  readonly vector: number;
  readonly column: boolean;
  /** Is the innermost loop joined with a short one? Its operands may be read at multiples of four elements alone, or one by one. */
  readonly joined: boolean;
  /** Distinct stride tuples of the streams. */
  readonly groups: readonly (readonly number[])[];
  readonly loads: ReadonlyMap<Expr, Stream>;
  readonly stores: readonly { readonly value: Expr; readonly stream: Stream; readonly accumulate: boolean }[];
  readonly reductions: readonly { readonly node: Reduction; readonly value: Expr; readonly stream: Stream }[];
}

const SHORT = 8;

/**
 * Without reductions the loops may run in any order: the longest axis along which every operand is contiguous (or
 * stands still) goes innermost, where it is vectorised.
 */
function innermostFirst(kernel: LoopKernel, axes: readonly number[]): readonly number[] {
  if (kernel.reductions.length > 0 || axes.length < 2) return axes;
  const operands = [...kernel.loads.values(), ...kernel.stores.map((s) => s.to)];
  const smooth = (axis: number): boolean =>
    operands.every((o) => o.view.strides[axis] === 1 || o.view.strides[axis] === 0) &&
    kernel.stores.every((s) => s.to.view.strides[axis] === 1);
  const length = (axis: number): number => (smooth(axis) ? kernel.domain[axis]! : 0);
  const best = axes.reduce((b, a) => (length(a) >= length(b) ? a : b));
  return length(best) > length(axes[axes.length - 1]!) ? [...axes.filter((a) => a !== best), best] : axes;
}

/**
 * Few elements are reduced for each result, as in pooling: lanes run along the results. The number of results has no say,
 * so that a row's numbers have the same bits in a batch of any size.
 */
const isShort = ({ domain, reducedAxes }: LoopKernel): boolean =>
  reducedAxes.reduce((n, a) => n * domain[a]!, 1) <= SHORT;

/**
 * An innermost loop of 2 or 4 iterations, as over a pooling's windows, is joined with the one around it: what stands still in
 * one of both is then found again and again. Changes `sizes` and `strides`, the loads' first; returns which cycle of how many.
 */
function joinShort(
  kernel: LoopKernel,
  sizes: number[],
  strides: readonly number[][],
): readonly (number | undefined)[] {
  const last = sizes.length - 1;
  const count = sizes[last];
  const indexed = kernel.reductions.some((r) => r.node.op === "argmax");
  if (last < 1 || (count !== 2 && count !== 4) || indexed || laneBytes(kernel) !== 4) return [];
  const ways = strides.map((s, i): "along" | "held" | "cyclic" | "apart" => {
    const [outer, inner] = [s[last - 1]!, s[last]!];
    if (outer === inner * count) return "along";
    if (i >= kernel.loads.size || outer + inner !== 4) return "apart";
    return inner === 0 ? "held" : outer === 0 ? "cyclic" : "apart";
  });
  if (sizes[last - 1]! < 2 || ways.includes("apart")) return [];
  sizes.splice(last - 1, 2, sizes[last - 1]! * count);
  strides.forEach((s, i) => {
    const step = { along: s[last]!, held: 4 / count, cyclic: 0, apart: 0 }[ways[i]!];
    s.splice(last - 1, 2, step);
  });
  return ways.map((w) => (w === "cyclic" ? count : undefined));
}

/** `short`: loops of 2 or 4 iterations may be joined with the next one, for writers that can load what is then read. */
export function planLoop(kernel: LoopKernel, { short = false }: { short?: boolean } = {}): LoopPlan {
  const rank = kernel.domain.length;
  const reduced = (axis: number): boolean => kernel.reducedAxes.includes(axis);
  const kept = innermostFirst(
    kernel,
    [...Array(rank).keys()].filter((a) => !reduced(a)),
  );
  const axes = [...kept, ...kernel.reducedAxes];
  const column = kernel.reducedAxes.length > 0 && kept.length > 0 && (!reduced(rank - 1) || isShort(kernel));

  // results lie row-major over the kept axes and do not move along reduced ones
  const resultStrides = new Array<number>(rank).fill(0);
  let stride = 1;
  for (const a of [...kept].reverse()) {
    resultStrides[a] = stride;
    stride *= kernel.domain[a]!;
  }
  const results = kernel.reductions.map((r) => ({
    buffer: r.to,
    view: { shape: kernel.domain, strides: resultStrides, offset: 0 },
  }));
  const operands = [...kernel.loads.values(), ...kernel.stores.map((s) => s.to), ...results];
  const strides = operands.map((o) => axes.map((a) => o.view.strides[a]! * bytesOf[o.buffer.dtype]));

  const sizes = axes.map((a) => kernel.domain[a]!);
  let firstReduced = kept.length;
  const cycles = short && !column && firstReduced !== rank - 1 ? joinShort(kernel, sizes, strides) : [];
  if (firstReduced > sizes.length) firstReduced--;
  for (let i = sizes.length - 2; i >= 0; i--) {
    if (i + 1 === firstReduced) continue; // a kept loop never merges with a reduced one
    if (!strides.every((s) => s[i] === s[i + 1]! * sizes[i + 1]!)) continue;
    sizes.splice(i, 2, sizes[i]! * sizes[i + 1]!);
    for (const s of strides) s.splice(i, 1);
    if (i + 1 < firstReduced) firstReduced--;
  }

  const groups: number[][] = [];
  const streams = operands.map((operand, i): Stream => {
    const own = strides[i]!;
    let group = groups.findIndex((g) => g.every((s, d) => s === own[d]));
    if (group < 0) group = groups.push(own) - 1;
    return { operand, strides: own, group, cycle: cycles[i] };
  });
  const loadCount = kernel.loads.size;
  const storeCount = kernel.stores.length;
  return {
    sizes,
    firstReduced,
    vector: column ? firstReduced - 1 : sizes.length - 1,
    column,
    joined: cycles.length > 0,
    groups,
    loads: new Map([...kernel.loads.keys()].map((e, i) => [e, streams[i]!])),
    stores: kernel.stores.map((s, i) => ({ ...s, stream: streams[loadCount + i]! })),
    reductions: kernel.reductions.map((r, i) => ({
      node: r.node,
      value: r.value,
      stream: streams[loadCount + storeCount + i]!,
    })),
  };
}
