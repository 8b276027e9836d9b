import {
  and,
  argmax,
  broadcastTo,
  constant,
  type Expr,
  eq,
  full,
  iota,
  lt,
  mean,
  not,
  onesLike,
  or,
  reshape,
  select,
  slice,
  stopGradient,
  sum,
  windows,
  withGradient,
  zeros,
} from "../engine/graph/index.ts";
import { type Pair, padImage, pairOf, requireImage } from "./conv.ts";
import { nnError } from "./errors.ts";
import { type Layer, plainLayer } from "./layer.ts";

/** Options of `maxPool2d` and `avgPool2d`. */
export interface PoolOptions {
  /** Default: the window's size. */
  readonly stride?: Pair;
  /** At most half the window, as in PyTorch. */
  readonly padding?: Pair;
}

/** `pick` reduces windows [N, C, OH, OW, KH, KW], or [N, C, OH, KH, OW, KW] where `tiled`, over KH and KW. */
function pooling(
  owner: string,
  size: Pair,
  { stride = size, padding = 0 }: PoolOptions,
  border: number,
  pick: (view: Expr, tiled: boolean) => Expr,
): Layer {
  const sizes = pairOf(size);
  const around = pairOf(padding);
  if (around.some((p, i) => 2 * p > sizes[i]!))
    throw nnError(`${owner}: padding ${around.join("×")} is more than half the window ${sizes.join("×")}`);
  return plainLayer((x) => {
    requireImage(owner, x);
    const strides = pairOf(stride);
    if (around.every((p) => p === 0) && strides.every((s, i) => s === sizes[i]))
      return pick(tiles(x, sizes), true);
    return pick(windows(padImage(x, around, around, border), { sizes, strides }), false);
  });
}

/** Windows side by side are the image with each axis cut in two: no element is in two of them. */
function tiles(x: Expr, sizes: readonly [number, number]): Expr {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [oh, ow] = [Math.floor(h / sizes[0]), Math.floor(w / sizes[1])];
  const whole = slice(x, [0, 0, 0, 0], [n, c, oh * sizes[0], ow * sizes[1]]);
  return reshape(whole, [n, c, oh, sizes[0], ow, sizes[1]]);
}

/** PyTorch's `nn.MaxPool2d`: [N, C, H, W] → [N, C, OH, OW]. The first of equal maxima gets the gradient. */
export const maxPool2d = (size: Pair, options: PoolOptions = {}): Layer =>
  pooling("maxPool2d", size, options, Number.NEGATIVE_INFINITY, (view, tiled) => {
    if (tiled) return largestOfTiles(view);
    const flat = reshape(view, [...view.shape.slice(0, 4), view.shape[4]! * view.shape[5]!]);
    const at = broadcastTo(reshape(argmax(flat), [...flat.shape.slice(0, -1), 1]), flat.shape);
    return sum(select(eq(iota(flat.shape, -1), at), flat, 0), { axes: -1 });
  });

/**
 * Element by element over the places of a window, so that neither windows nor gradients are stored twice. The gradient is that
 * of what is chosen by its place.
 */
function largestOfTiles(view: Expr): Expr {
  const [n, c, oh, kh, ow, kw] = view.shape as [number, number, number, number, number, number];
  const place = (i: number): Expr => {
    const [dy, dx] = [Math.floor(i / kw), i % kw];
    const one = slice(view, [0, 0, 0, dy, 0, dx], [n, c, oh, dy + 1, ow, dx + 1]);
    return stopGradient(reshape(one, [n, c, oh, ow]));
  };
  let best = place(0);
  let at = zeros(best.shape, "int32");
  for (let i = 1; i < kh * kw; i++) {
    const x = place(i);
    const better = or(lt(best, x), and(not(eq(x, x)), eq(best, best)));
    best = select(better, x, best);
    at = select(better, full(at.shape, i, "int32"), at);
  }
  const number = constant(
    Int32Array.from({ length: kh * kw }, (_, i) => i),
    { shape: [kh, 1, kw], dtype: "int32" },
  );
  const chosen = eq(
    broadcastTo(number, view.shape),
    broadcastTo(reshape(at, [n, c, oh, 1, ow, 1]), view.shape),
  );
  return withGradient(best, sum(select(chosen, view, 0), { axes: [3, 5] }), onesLike(best));
}

/** PyTorch's `nn.AvgPool2d`; padding zeros count in the average. */
export const avgPool2d = (size: Pair, options: PoolOptions = {}): Layer =>
  pooling("avgPool2d", size, options, 0, (view, tiled) => mean(view, { axes: tiled ? [3, 5] : [4, 5] }));

/** The average of each channel: [N, C, H, W] → [N, C]. */
export const globalAvgPool2d = (): Layer =>
  plainLayer((x) => {
    requireImage("globalAvgPool2d", x);
    return mean(x, { axes: [2, 3] });
  });
