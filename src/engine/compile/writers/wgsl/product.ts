/** Writes matrix products: in tiles through workgroup memory, or where barriers are slow in blocks of single invocations. */
import { makeNode } from "../../../graph/expr.ts";
import { sizeOf } from "../../../graph/shape.ts";
import { contiguous } from "../../../graph/strided.ts";
import type { LoopKernel, MatmulKernel, Operand } from "../../kernels.ts";
import { squeeze, squeezeView } from "../../nodes.ts";
import { writeBlocks } from "./block-product.ts";
import { type KernelText, perElement, placeOf, type Traits } from "./kernel-text.ts";
import { writeLoop } from "./loop.ts";
import type { Sizes } from "./product-places.ts";
import { writeTiles } from "./tiled-product.ts";
import { store } from "./types.ts";

export function writeProduct(kernel: MatmulKernel, traits: Traits): KernelText[] {
  const { a, b, to } = kernel;
  const rank = a.view.shape.length;
  const [m, k] = a.view.shape.slice(-2) as [number, number];
  const sizes: Sizes = { lead: sizeOf(a.view.shape.slice(0, -2)), m, n: b.view.shape[rank - 1]!, k };
  if (to.count === 0) return [];
  if (k === 0) {
    const text = perElement(to.count, `  ${store(to.dtype, `${placeOf(to)} + i`, "0.0f")}`, traits);
    return [{ ...text, uses: new Set() }];
  }
  if (Math.min(m, sizes.n) <= 2 && kernel.through === undefined)
    return writeLoop(asLoop(kernel, sizes), traits);
  return traits.barriers === "slow" ? writeBlocks(kernel, sizes, traits) : writeTiles(kernel, sizes);
}

/** A product with a vector is a sum like any other. */
function asLoop({ a, b, to }: MatmulKernel, { n }: Sizes): LoopKernel {
  const lead = a.view.shape.slice(0, -2);
  const [m, k] = a.view.shape.slice(-2) as [number, number];
  const shape = [...lead, m, n, k];
  const views =
    (strides: (o: Operand) => readonly number[]): ((o: Operand) => Operand) =>
    (o) => ({
      buffer: o.buffer,
      view: squeezeView({ shape, strides: strides(o), offset: o.view.offset }),
    });
  const strideOf = (o: Operand, fromEnd: number): number => o.view.strides.at(-fromEnd)!;
  const leads = (o: Operand): readonly number[] => o.view.strides.slice(0, -2);
  const x = makeNode("input", [], { name: "a" }, shape, to.dtype);
  const y = makeNode("input", [], { name: "b" }, shape, to.dtype);
  const product = makeNode("mul", [x, y], {}, shape, to.dtype);
  const domain = squeeze(shape);
  const axes = [shape.length - 1];
  const total = makeNode("reduceSum", [product], { axes }, shape.slice(0, -1), to.dtype);
  const place = views((o) => [...leads(o), strideOf(o, 2), 0, strideOf(o, 1)])(a);
  const loads = new Map([
    [x, place],
    [y, views((o) => [...leads(o), 0, strideOf(o, 1), strideOf(o, 2)])(b)],
  ]);
  if (k === 1) {
    const copy = { buffer: to, view: contiguous(domain) };
    return {
      kind: "loop", domain, reducedAxes: [], members: [product], loads, reductions: [],
      stores: [{ value: product, to: copy, accumulate: false }],
    }; // biome-ignore format: a record
  }
  return {
    kind: "loop", domain, reducedAxes: [domain.length - 1], members: [product], loads, stores: [],
    reductions: [{ node: total, value: product, to }],
  }; // biome-ignore format: a record
}
