import {
  argmax,
  broadcastTo,
  type Expr,
  eq,
  iota,
  mean,
  reshape,
  select,
  sum,
  windows,
} from "../engine/graph/index.ts";
import { type Pair, padImage, pairOf, requireImage } from "./conv.ts";
import { nnError } from "./errors.ts";
import { type Layer, plainLayer } from "./layer.ts";

export interface PoolOptions {
  /** Default: the window's size. */
  readonly stride?: Pair;
  /** At most half the window, as in PyTorch. */
  readonly padding?: Pair;
}

function pooling(
  owner: string,
  size: Pair,
  { stride = size, padding = 0 }: PoolOptions,
  border: number,
  pick: (flat: Expr) => Expr,
): Layer {
  const sizes = pairOf(size);
  const around = pairOf(padding);
  if (around.some((p, i) => 2 * p > sizes[i]!))
    throw nnError(`${owner}: padding ${around.join("×")} is more than half the window ${sizes.join("×")}`);
  return plainLayer((x) => {
    requireImage(owner, x);
    const view = windows(padImage(x, around, around, border), { sizes, strides: pairOf(stride) });
    return pick(reshape(view, [...view.shape.slice(0, 4), sizes[0] * sizes[1]]));
  });
}

/** PyTorch's `nn.MaxPool2d`: [N, C, H, W] → [N, C, OH, OW]. The first of equal maxima gets the gradient. */
export const maxPool2d = (size: Pair, options: PoolOptions = {}): Layer =>
  pooling("maxPool2d", size, options, Number.NEGATIVE_INFINITY, (flat) => {
    const at = broadcastTo(reshape(argmax(flat), [...flat.shape.slice(0, -1), 1]), flat.shape);
    return sum(select(eq(iota(flat.shape, -1), at), flat, 0), { axes: -1 });
  });

/** PyTorch's `nn.AvgPool2d`; padding zeros count in the average. */
export const avgPool2d = (size: Pair, options: PoolOptions = {}): Layer =>
  pooling("avgPool2d", size, options, 0, (flat) => mean(flat, { axes: -1 }));

/** The average of each channel: [N, C, H, W] → [N, C]. */
export const globalAvgPool2d = (): Layer =>
  plainLayer((x) => {
    requireImage("globalAvgPool2d", x);
    return mean(x, { axes: [2, 3] });
  });
