import { windowProducts } from "../engine/backends/window-products.ts";
import { add, type Expr, matmul, pad, permute, reshape, windows } from "../engine/graph/index.ts";
import { nnError, requireSizes } from "./errors.ts";
import { torchDefault } from "./init.ts";
import { type Layer, plainLayer } from "./layer.ts";

/** One number for both axes, or [vertical, horizontal]. */
export type Pair = number | readonly [number, number];

export const pairOf = (p: Pair): readonly [number, number] => (typeof p === "number" ? [p, p] : p);

/** Surrounds the last two axes of [N, C, H, W]. */
export const padImage = (x: Expr, low: readonly number[], high: readonly number[], value = 0): Expr =>
  pad(x, [0, 0, ...low], [0, 0, ...high], { value });

/** Options of `conv2d`, as PyTorch's `nn.Conv2d` has them. */
export interface Conv2dOptions {
  readonly stride?: Pair;
  /** Zeros on each side, or "same" to keep H and W (stride 1). */
  readonly padding?: Pair | "same";
  readonly dilation?: Pair;
  /** Channels in groups that do not see each other; `in` groups make it depthwise. */
  readonly groups?: number;
  readonly bias?: boolean;
}

/**
 * PyTorch's `nn.Conv2d` (a cross-correlation): [N, in, H, W] → [N, out, OH, OW] with
 * OH = ⌊(H + 2·padding − dilation·(KH − 1) − 1)/stride⌋ + 1. Weight [out, in/groups, KH, KW].
 */
export function conv2d(
  inChannels: number,
  outChannels: number,
  kernel: Pair,
  { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true }: Conv2dOptions = {},
): Layer {
  const sizes = pairOf(kernel);
  const strides = pairOf(stride);
  const dilations = pairOf(dilation);
  requireSizes("conv2d", { in: inChannels, out: outChannels, groups, kernel: Math.min(...sizes) });
  if (inChannels % groups !== 0 || outChannels % groups !== 0)
    throw nnError(`conv2d: ${inChannels} and ${outChannels} channels do not divide into ${groups} groups`);
  if (padding === "same" && (strides[0] !== 1 || strides[1] !== 1))
    throw nnError(`conv2d: padding "same" needs stride 1, not ${strides.join("×")}`);
  // "same" puts the odd zero after, as PyTorch does
  const total = sizes.map((k, i) => dilations[i]! * (k - 1));
  const low = padding === "same" ? total.map((t) => Math.floor(t / 2)) : pairOf(padding);
  const high = padding === "same" ? total.map((t, i) => t - low[i]!) : low;
  const fan = (inChannels / groups) * sizes[0] * sizes[1];

  return plainLayer(
    (x, p) => {
      requireImage("conv2d", x, inChannels);
      const view = windows(padImage(x, low, high), {
        sizes,
        strides,
        dilations,
        products: windowProducts,
      });
      const [n, c, oh, ow] = view.shape as [number, number, number, number];
      // columns [N, G, fan, OH·OW] keep the pixels contiguous, and the product is the image: no transposes
      const grouped = reshape(view, [n, groups, c / groups, oh, ow, ...sizes]);
      const columns = reshape(permute(grouped, [0, 1, 2, 5, 6, 3, 4]), [n, groups, fan, oh * ow]);
      const weight = reshape(p["weight"]!, [groups, outChannels / groups, fan]);
      const pixels = reshape(matmul(weight, columns), [n, outChannels, oh, ow]);
      return bias ? add(pixels, reshape(p["bias"]!, [outChannels, 1, 1])) : pixels;
    },
    torchDefault([outChannels, inChannels / groups, ...sizes], { bias }),
  );
}

/** Refuses anything but [N, channels, H, W]. */
export function requireImage(owner: string, x: Expr, channels?: number): void {
  if (x.shape.length === 4 && (channels === undefined || x.shape[1] === channels)) return;
  throw nnError(
    `${owner}: needs images [N, ${channels ?? "C"}, H, W], got [${x.shape.join(", ")}]`,
    "give the model an image shape [channels, height, width], or reshape with unflatten",
  );
}
