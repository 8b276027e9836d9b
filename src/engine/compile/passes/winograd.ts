/**
 * Convolutions by 3×3 windows that move by single pixels become Winograd's: for four outputs side by side, 16 products of
 * each pair of channels are left of 36. The same transforms serve the weight's gradient, and the zeros around an image need
 * no memory. For code writers that have the kernel; works on what `gatherProducts` leaves.
 */
import { broadcastView, contiguous, permuteView, type View } from "../../graph/strided.ts";
import type {
  Buffer,
  Kernel,
  LoopKernel,
  Lowered,
  MatmulKernel,
  Operand,
  WinogradKernel,
} from "../kernels.ts";
import { touches } from "../kernels.ts";
import { squeezeView } from "../nodes.ts";
import { gatherProducts, isCopy } from "./gather-products.ts";

/** Channels on either side from which the transforms are repaid. */
const CHANNELS = 12;
/** Tiles whose products are added up in float32, before a weight's gradient goes on in float64. */
const RUN = 512;

type Replaced = readonly (readonly [Kernel, readonly Kernel[]])[];

/** `lanes`: numbers in a vector; rows of transformed weights are filled up to whole ones. */
export function winograd({ kernels, named }: Lowered, lanes: number): Lowered {
  const instead = new Map<Kernel, readonly Kernel[]>();
  for (const kernel of kernels) {
    const made = kernel.kind === "matmul" ? transformed(kernel, kernels, lanes) : null;
    for (const [old, now] of made ?? []) instead.set(old, now);
  }
  const replaced = kernels.flatMap((k) => instead.get(k) ?? [k]);
  return { kernels: withoutPadding(replaced, new Set(named.values())), named };
}

/** Convolutions after Winograd for code writers whose products can't read windows: all other columns are stored. */
export function winogradAlone(lowered: Lowered, lanes: number): Lowered {
  const fits = (k: MatmulKernel): boolean => transformed(k, lowered.kernels, lanes) !== null;
  return winograd(gatherProducts(lowered, fits), lanes);
}

/** What takes the place of a product's kernel and of the loop that reads it; null where the product stays. */
function transformed(k: MatmulKernel, kernels: readonly Kernel[], lanes: number): Replaced | null {
  const images = imagesOf(k);
  return images === null ? null : (convolution(k, images, lanes) ?? weightGradient(k, images, kernels));
}

/** What a product's right side has the windows of, as [images, channels, height, width]. */
function imagesOf({ b, to, through }: MatmulKernel): Operand | null {
  if (through === undefined || to.dtype !== "float32") return null;
  const single = through.shape.length === 5;
  const [images, channels, kh, kw, rows, columns] = single ? [1, ...through.shape] : through.shape;
  const [n, c, dy, dx, y, x] = single ? [0, ...through.strides] : through.strides;
  if (columns === undefined || channels! < CHANNELS) return null;
  if (kh !== 3 || kw !== 3 || dy !== y || dx !== 1 || x !== 1) return null;
  const view = {
    shape: [images!, channels!, rows! + 2, columns + 2],
    strides: [n!, c!, y!, 1],
    offset: through.offset,
  };
  return { buffer: b.buffer, view };
}

/** Do both views find their elements alike, axes of size 1 and the offset aside? */
function alike(a: View, b: View): boolean {
  const [x, y] = [squeezeView(a), squeezeView(b)];
  return x.shape.join() === y.shape.join() && x.strides.join() === y.strides.join();
}

/** Sizes of a convolution that reads all of these images, and adds up the gradients of so many at a time. */
function sizesOf({ view }: Operand, outputs: number): WinogradKernel["sizes"] {
  const [images, channels, height, width] = view.shape as [number, number, number, number];
  const [rows, columns] = [height - 2, width - 2];
  const tiles = Math.ceil(rows / 2) * Math.ceil(columns / 2);
  const together = Math.min(images, Math.max(1, Math.floor(RUN / tiles)));
  return { images, channels, outputs, rows, columns, top: 0, left: 0, together };
}

/** The weight's transform and the convolution, in place of its product; null where it is another product. */
function convolution(k: MatmulKernel, from: Operand, lanes: number): Replaced | null {
  const sizes = sizesOf(from, k.a.view.shape.at(-2)!);
  const { images, channels, outputs, rows, columns } = sizes;
  const fan = channels * 9;
  if (outputs < CHANNELS) return null;
  if (!alike(k.a.view, broadcastView(contiguous([outputs, fan]), [images, outputs, fan]))) return null;
  if (!alike(k.b.view, contiguous([images, fan, rows * columns]))) return null;
  const count = 16 * channels * Math.ceil(outputs / lanes) * lanes;
  const filter = { id: -1, dtype: "float32", count, kept: false } as const;
  const weight = { buffer: k.a.buffer, view: { ...contiguous([outputs, fan]), offset: k.a.view.offset } };
  return [
    [
      k,
      [
        { kind: "winograd", does: "filter", sizes, from: [weight], to: filter },
        {
          kind: "winograd",
          does: "image",
          sizes,
          from: [from, { buffer: filter, view: contiguous([count]) }],
          to: k.to,
        },
      ],
    ],
  ];
}

/** The gradient of the weight, in place of a product for each image and the loop that adds those up. */
function weightGradient(k: MatmulKernel, from: Operand, kernels: readonly Kernel[]): Replaced | null {
  const sizes = sizesOf(from, k.a.view.shape.at(-2)!);
  const { images, channels, outputs, rows, columns, together } = sizes;
  const [fan, pixels] = [channels * 9, rows * columns];
  if (outputs < CHANNELS || !alike(k.a.view, contiguous([images, outputs, pixels]))) return null;
  if (!alike(k.b.view, permuteView(contiguous([images, fan, pixels]), [0, 2, 1]))) return null;
  const made = (to: Buffer): WinogradKernel => ({
    kind: "winograd",
    does: "weight",
    sizes,
    from: [from, k.a],
    to,
  });
  if (images === 1) return [[k, [made(k.to)]]];
  const [sum, ...others] = kernels.filter((r) => touches(r).reads.includes(k.to));
  if (sum === undefined || others.length > 0 || k.to.kept || !isSum(sum, k.to, images)) return null;
  const groups = Math.ceil(images / together);
  const partial = { ...k.to, count: groups * outputs * fan };
  const domain = [groups, ...sum.domain.slice(1)];
  const loads = new Map([...sum.loads.keys()].map((e) => [e, { buffer: partial, view: contiguous(domain) }]));
  return [
    [k, [made(partial)]],
    [sum, [{ ...sum, domain, loads }]],
  ];
}

/** Is it a loop that does nothing but add up a buffer's elements over the images? */
function isSum(k: Kernel, of: Buffer, images: number): k is LoopKernel {
  if (k.kind !== "loop" || k.reductions.length !== 1 || k.members.length > 0 || k.loads.size !== 1)
    return false;
  const [load] = [...k.loads.values()];
  const whole = load!.buffer === of && load!.view.offset === 0 && alike(load!.view, contiguous(k.domain));
  return (
    whole &&
    k.reductions[0]!.node.op === "reduceSum" &&
    k.reducedAxes.join() === "0" &&
    k.domain[0] === images
  );
}

/** Images with zeros stored around them that only these kernels read are read without. */
function withoutPadding(kernels: readonly Kernel[], kept: ReadonlySet<Buffer>): Kernel[] {
  const dropped = new Set<Kernel>();
  const instead = new Map<Kernel, Kernel>();
  for (const padded of new Set(kernels.flatMap((k) => (isWindowed(k) ? [k.from[0]!.buffer] : [])))) {
    if (padded.kept || kept.has(padded)) continue;
    const readers = kernels.filter((k) => touches(k).reads.includes(padded));
    const [fill, move, ...others] = kernels.filter((k) => touches(k).writes.includes(padded));
    if (fill?.kind !== "fill" || fill.value !== 0 || others.length > 0 || !readers.every(isWindowed))
      continue;
    const inner = move?.kind === "loop" && isCopy(move) ? move : null;
    const images = inner === null ? null : imagesWithin(inner, readers[0]!);
    const last = kernels.indexOf(readers.at(-1)!);
    const still = (b: Buffer): boolean =>
      !kernels.slice(kernels.indexOf(move!), last).some((k) => touches(k).writes.includes(b));
    const same = readers.every((r) => alike(r.from[0]!.view, readers[0]!.from[0]!.view));
    if (images === null || !same || !still(images.from.buffer)) continue;
    dropped.add(fill).add(move!);
    for (const r of readers) {
      const { top, left } = images;
      instead.set(r, { ...r, sizes: { ...r.sizes, top, left }, from: [images.from, ...r.from.slice(1)] });
    }
  }
  return kernels.filter((k) => !dropped.has(k)).map((k) => instead.get(k) ?? k);
}

const isWindowed = (k: Kernel): k is WinogradKernel => k.kind === "winograd" && k.does !== "filter";

/** The images that a loop copies into others with zeros around them, and how many rows and columns of zeros come first. */
function imagesWithin(
  move: LoopKernel,
  { from: [padded] }: WinogradKernel,
): { from: Operand; top: number; left: number } | null {
  const { view } = padded!;
  const [load] = [...move.loads.values()];
  const { to } = move.stores[0]!;
  const pitch = view.strides[2]!;
  const single = view.shape[0] === 1;
  const strides = single ? view.strides.slice(1) : view.strides;
  const { offset } = to.view;
  if (view.offset !== 0 || to.view.strides.join() !== strides.join() || load!.buffer.dtype !== "float32")
    return null;
  if (load!.view.strides.at(-1) !== 1) return null;
  const [shape, steps] = single
    ? [
        [1, ...load!.view.shape],
        [0, ...load!.view.strides],
      ]
    : [load!.view.shape, load!.view.strides];
  const from = { buffer: load!.buffer, view: { shape, strides: steps, offset: load!.view.offset } };
  return { from, top: Math.floor(offset / pitch), left: offset % pitch };
}
