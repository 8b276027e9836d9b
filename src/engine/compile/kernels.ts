/**
 * What a program is lowered to: a list of kernels over buffers, which run in order. It is the boundary between passes and
 * code writers and knows neither. Buffers get their addresses from passes/memory.ts.
 */
import type { DType, TypedArray } from "../graph/dtype.ts";
import type { Expr, NodeOf } from "../graph/expr.ts";
import type { ElementwisePrimitive, ReductionPrimitive, WindowProducts } from "../graph/primitives.ts";
import type { View } from "../graph/strided.ts";
import type { MatrixFunction } from "../matrix/functions.ts";

export interface Buffer {
  readonly id: number;
  readonly dtype: DType;
  /** Elements, stored row-major. */
  readonly count: number;
  /** Kept buffers live for the whole program; temporary ones share memory when their lives don't overlap. */
  readonly kept: boolean;
  /** Initial content of a kept buffer; zeros when absent. */
  readonly data?: TypedArray | undefined;
}

/** A buffer read or written through strides (in elements). */
export interface Operand {
  readonly buffer: Buffer;
  readonly view: View;
}

export type Reduction = NodeOf<ReductionPrimitive>;

export interface LoopStore {
  readonly value: Expr;
  readonly to: Operand;
  /** Added to what lies there. */
  readonly accumulate: boolean;
}

export interface LoopReduction {
  readonly node: Reduction;
  readonly value: Expr;
  readonly to: Buffer;
}

/** One pass over a domain: loads, fused elementwise work, stores, and reductions over some axes of the domain. */
export interface LoopKernel {
  readonly kind: "loop";
  readonly domain: readonly number[];
  /** Axes of the domain that reductions run over; empty without reductions. */
  readonly reducedAxes: readonly number[];
  /** Elementwise nodes, inputs before users. */
  readonly members: readonly NodeOf<ElementwisePrimitive>[];
  /** Where the values that members read come from. Views have the domain's shape. */
  readonly loads: ReadonlyMap<Expr, Operand>;
  readonly stores: readonly LoopStore[];
  readonly reductions: readonly LoopReduction[];
}

/** C = A·B for each index of the leading axes. Views have shapes [...lead, m, k] and [...lead, k, n]. */
export interface MatmulKernel {
  readonly kind: "matmul";
  readonly a: Operand;
  readonly b: Operand;
  readonly to: Buffer;
  /** Where given, B's view is of a tensor of this shape that is stored nowhere, but read through this view of b's buffer. */
  readonly through?: View;
}

/** Every element of the buffer becomes `value`. */
export interface FillKernel {
  readonly kind: "fill";
  readonly to: Buffer;
  readonly value: number;
}

/** Everything in one buffer, to another of the same size. */
export interface CopyKernel {
  readonly kind: "copy";
  readonly from: Buffer;
  readonly to: Buffer;
}

/** Rows of a table by index (`gather`), or added to rows of a zeroed table (`scatter`). All contiguous. */
export interface RowsKernel {
  readonly kind: "gather" | "scatter";
  readonly indices: Buffer;
  readonly table: Buffer;
  readonly rows: Buffer;
  readonly tableRows: number;
  readonly width: number;
}

/** A function of whole matrices, or a copy of `otherwise` where `when` holds 0. All contiguous; the host computes it. */
export interface MatrixKernel {
  readonly kind: "matrix";
  readonly fn: MatrixFunction;
  readonly when: Buffer;
  readonly otherwise: Buffer;
  readonly args: readonly Buffer[];
  readonly to: Buffer;
  readonly shape: readonly [number, number];
}

/**
 * A part of a convolution by 3×3 windows after Winograd, tile by tile of 2×2 outputs. `filter` transforms a weight
 * [outputs, channels, 3, 3]; `image` convolves images by it; `weight` makes the weight's gradient of images and the result's
 * gradient, one for so many images together.
 */
export interface WinogradKernel {
  readonly kind: "winograd";
  readonly does: "filter" | "image" | "weight";
  readonly sizes: {
    readonly images: number;
    readonly channels: number;
    readonly outputs: number;
    /** Of the result. */
    readonly rows: number;
    readonly columns: number;
    /** Rows and columns of zeros before each image; after it come as many as are needed. */
    readonly top: number;
    readonly left: number;
    readonly together: number;
  };
  /** The weight; else the images [images, channels, height, width], then the filter or the result's gradient. */
  readonly from: readonly Operand[];
  readonly to: Buffer;
}

export type Kernel =
  | LoopKernel
  | MatmulKernel
  | FillKernel
  | CopyKernel
  | RowsKernel
  | MatrixKernel
  | WinogradKernel;

/** What the windows of a convolution bring along for all code writers. */
export interface WindowRewrite extends WindowProducts {
  /** The same roots, whose products of windows store no columns. */
  readonly rewrite: (roots: readonly Expr[]) => Expr[];
}

/** What passes hand to a code writer. */
export interface Lowered {
  readonly kernels: readonly Kernel[];
  /** Buffers of inputs, state and outputs by name. */
  readonly named: ReadonlyMap<string, Buffer>;
  /** Faster ways for products of windows, where the program's windows bring them. */
  readonly products?: WindowProducts | undefined;
}

/** Buffers a kernel reads and writes. */
export function touches(kernel: Kernel): { reads: Buffer[]; writes: Buffer[] } {
  switch (kernel.kind) {
    case "loop": {
      const accumulated = kernel.stores.filter((s) => s.accumulate).map((s) => s.to.buffer);
      return {
        reads: [...[...kernel.loads.values()].map((o) => o.buffer), ...accumulated],
        writes: [...kernel.stores.map((s) => s.to.buffer), ...kernel.reductions.map((r) => r.to)],
      };
    }
    case "matmul":
      return { reads: [kernel.a.buffer, kernel.b.buffer], writes: [kernel.to] };
    case "fill":
      return { reads: [], writes: [kernel.to] };
    case "copy":
      return { reads: [kernel.from], writes: [kernel.to] };
    case "winograd":
      return { reads: kernel.from.map((o) => o.buffer), writes: [kernel.to] };
    case "matrix":
      return { reads: [kernel.when, kernel.otherwise, ...kernel.args], writes: [kernel.to] };
    case "gather":
      return { reads: [kernel.indices, kernel.table], writes: [kernel.rows] };
    case "scatter":
      return { reads: [kernel.indices, kernel.rows], writes: [kernel.table] };
  }
}
