/** Convolutions and pools of images [N, C, H, W], as the layers of nn trace them. */
import type { Expr } from "../../engine/graph/expr.ts";
import { sameShape } from "../../engine/graph/shape.ts";
import type { Emitter } from "./emitter.ts";
import { isZero, numberOf, type Of, unbroadcast } from "./match.ts";
import type { Attributes } from "./model-file.ts";

interface Sliding {
  /** The image before it is padded. */
  readonly x: Expr;
  readonly attributes: Attributes;
  readonly dilations: readonly number[];
}

/** Windows of an image that may be padded with `fill`. */
function sliding(view: Expr, fill: number): Sliding | null {
  if (view.op !== "windows" || view.attrs.sizes.length !== 2 || view.shape.length !== 6) return null;
  const { sizes, strides, dilations } = view.attrs;
  const inner = view.inputs[0]!;
  let x = inner;
  let pads: readonly number[] = [0, 0, 0, 0];
  if (inner.op === "pad" && inner.attrs.value === fill && inner.attrs.steps.every((s) => s === 1)) {
    x = inner.inputs[0]!;
    const { low } = inner.attrs;
    const high = inner.shape.map((size, i) => size - low[i]! - x.shape[i]!);
    if (low[0] !== 0 || low[1] !== 0 || high[0] !== 0 || high[1] !== 0) return null;
    pads = [...low.slice(2), ...high.slice(2)];
  }
  return { x, attributes: { kernel_shape: sizes, strides, pads }, dilations };
}

/** reshape(weight · columns), columns [N, G, fan, OH·OW] of the windows; with a bias [out] where one is given. */
export function conv(pixels: Of<"reshape">, { b, value }: Emitter, bias?: Expr): string | null {
  const product = pixels.inputs[0]!;
  if (product.op !== "matmul" || product.attrs.transposeA || product.attrs.transposeB) return null;
  const [left, columns] = [unbroadcast(product.inputs[0]!), product.inputs[1]!];
  const moved = columns.op === "reshape" ? columns.inputs[0]! : columns;
  if (left.op !== "reshape" || moved.op !== "permute" || String(moved.attrs.axes) !== "0,1,2,5,6,3,4")
    return null;
  const grouped = moved.inputs[0]!;
  const view = grouped.op === "reshape" ? grouped.inputs[0]! : grouped;
  const found = sliding(view, 0);
  if (found === null) return null;
  const weight = left.inputs[0]!;
  const [n, channels, oh, ow, kh, kw] = view.shape as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const groups = grouped.shape[1]!;
  const [out, each] = weight.shape;
  const fits =
    sameShape(weight.shape, [out!, channels / groups, kh, kw]) &&
    sameShape(grouped.shape, [n, groups, each!, oh, ow, kh, kw]) &&
    sameShape(left.shape, [groups, out! / groups, each! * kh * kw]) &&
    sameShape(columns.shape, [n, groups, each! * kh * kw, oh * ow]) &&
    sameShape(pixels.shape, [n, out!, oh, ow]);
  if (!fits) return null;
  const inputs = [found.x, weight, ...(bias === undefined ? [] : [bias])].map(value);
  return b.node("Conv", inputs, { ...found.attributes, dilations: found.dilations, group: groups });
}

/** Windows side by side: an image, or its upper left part, with each axis cut in two [N, C, OH, KH, OW, KW]. */
function tiled(view: Expr): Sliding | null {
  if (view.op !== "reshape" || view.shape.length !== 6) return null;
  const [n, c, oh, kh, ow, kw] = view.shape as readonly [number, number, number, number, number, number];
  const inner = view.inputs[0]!;
  const x = inner.op === "slice" ? inner.inputs[0]! : inner;
  const isCorner =
    inner.op !== "slice" ||
    (inner.attrs.starts.every((s) => s === 0) && inner.attrs.steps.every((s) => s === 1));
  if (!isCorner || !sameShape(inner.shape, [n, c, oh * kh, ow * kw])) return null;
  const [, , h, w] = x.shape as readonly [number, number, number, number];
  if (x.shape.length !== 4 || Math.floor(h / kh) !== oh || Math.floor(w / kw) !== ow) return null;
  const attributes = { kernel_shape: [kh, kw], strides: [kh, kw], pads: [0, 0, 0, 0] };
  return { x, attributes, dilations: [1, 1] };
}

/** What is reduced over `axes` of `view`, where those are the windows of an image. */
function pooled(view: Expr, axes: readonly number[], fill: number): Sliding | null {
  const at = String(axes);
  if (at === "3,5") return tiled(view);
  if (at === "4,5") return sliding(view, fill);
  const inner = view.op === "reshape" ? view.inputs[0]! : view;
  if (at !== "4" || inner === view || inner.shape.length !== 6) return null;
  return sameShape(view.shape.slice(0, 4), inner.shape.slice(0, 4)) ? sliding(inner, fill) : null;
}

export function averagePool(view: Expr, axes: readonly number[], { b, value }: Emitter): string | null {
  const found = pooled(view, axes, 0);
  if (found === null || found.dilations.some((d) => d !== 1)) return null;
  return b.node("AveragePool", [value(found.x)], { ...found.attributes, count_include_pad: 1 });
}

/** Σ of what is chosen by its place, where the place is that of the largest. */
export function maxPool(e: Of<"reduceSum">, { b, value }: Emitter): string | null {
  const found = chosenIn(e);
  if (found === null || !isLargest(found.condition, found.view, e.attrs.axes)) return null;
  const { view } = found;
  const { axes } = e.attrs;
  const window = pooled(view, axes, Number.NEGATIVE_INFINITY);
  if (window === null) {
    return axes.length === 1 ? b.node("ReduceMax", [value(view), b.integers(axes)], { keepdims: 0 }) : null;
  }
  return b.node("MaxPool", [value(window.x)], { ...window.attributes, dilations: window.dilations });
}

/** The largest of a tile's places, whose gradient is that of the Σ. */
export function maxPoolOfTiles(e: Of<"withGradient">, { b, value }: Emitter): string | null {
  const [largest, of] = e.inputs as readonly [Expr, Expr, Expr];
  const found = of.op === "reduceSum" ? chosenIn(of) : null;
  if (found === null || !isLargestOfTiles(found.condition, { view: found.view, largest })) return null;
  const tile = tiled(found.view);
  return tile === null ? null : b.node("MaxPool", [value(tile.x)], tile.attributes);
}

/** Σ select(condition, view, 0), where the condition compares places. */
function chosenIn(e: Of<"reduceSum">): { readonly condition: Of<"eq">; readonly view: Expr } | null {
  const chosen = e.inputs[0]!;
  if (chosen.op !== "select" || !isZero(chosen.inputs[2]!)) return null;
  const [condition, view] = chosen.inputs as readonly [Expr, Expr, Expr];
  return condition.op === "eq" ? { condition, view } : null;
}

/** iota = argmax */
function isLargest({ inputs }: Of<"eq">, view: Expr, axes: readonly number[]): boolean {
  const [counter, place] = inputs as readonly [Expr, Expr];
  const wide = unbroadcast(place);
  const at = wide.op === "reshape" ? wide.inputs[0]! : wide;
  const axis = view.shape.length - 1;
  return (
    counter.op === "iota" &&
    counter.attrs.axis === axis &&
    String(axes) === String(axis) &&
    at.op === "argmax" &&
    at.attrs.axis === axis &&
    at.inputs[0] === view &&
    sameShape(wide.shape, [...view.shape.slice(0, -1), 1])
  );
}

/** The place found one after another: place i is better than the best before it where it is larger, or the first NaN. */
function isLargestOfTiles(
  { inputs }: Of<"eq">,
  { view, largest }: { readonly view: Expr; readonly largest: Expr },
): boolean {
  if (view.shape.length !== 6) return false;
  const [, , , kh, , kw] = view.shape as readonly [number, number, number, number, number, number];
  const number = unbroadcast(inputs[0]!);
  const counts = Array.from({ length: kh * kw }, (_, i) => i);
  if (number.op !== "constant" || String(number.attrs.value) !== String(counts)) return false;
  if (!sameShape(number.shape, [kh, 1, kw])) return false;
  const wide = unbroadcast(inputs[1]!);
  let at = wide.op === "reshape" ? wide.inputs[0]! : wide;
  let best = largest;
  for (let i = kh * kw - 1; i > 0; i--) {
    if (at.op !== "select" || numberOf(at.inputs[1]!) !== i) return false;
    const better = at.inputs[0]!;
    const step = comparison(better);
    if (step === null || !isPlace(step.x, { view, i, kw })) return false;
    // what the later place was compared with is the better one of this place and those before
    if (!isBetterOf(best, better, step)) return false;
    best = step.best;
    at = at.inputs[2]!;
  }
  return numberOf(at) === 0 && isPlace(best, { view, i: 0, kw });
}

/** best < x ∨ (x ≠ x ∧ best = best) */
function comparison(e: Expr): { readonly x: Expr; readonly best: Expr } | null {
  if (e.op !== "or") return null;
  const [less, nan] = e.inputs as readonly [Expr, Expr];
  if (less.op !== "lt" || nan.op !== "and") return null;
  const [best, x] = less.inputs as readonly [Expr, Expr];
  const [unequal, equal] = nan.inputs as readonly [Expr, Expr];
  const itself = (c: Expr, of: Expr): boolean => c.op === "eq" && c.inputs[0] === of && c.inputs[1] === of;
  return unequal.op === "not" && itself(unequal.inputs[0]!, x) && itself(equal, best) ? { x, best } : null;
}

const isBetterOf = (e: Expr, better: Expr, { x, best }: { readonly x: Expr; readonly best: Expr }): boolean =>
  e.op === "select" && e.inputs[0] === better && e.inputs[1] === x && e.inputs[2] === best;

/** Place i of every tile, [N, C, OH, OW]. */
function isPlace(e: Expr, { view, i, kw }: { view: Expr; i: number; kw: number }): boolean {
  const flat = e.op === "stopGradient" ? e.inputs[0]! : e;
  const one = flat.op === "reshape" ? flat.inputs[0]! : flat;
  const starts = [0, 0, 0, Math.floor(i / kw), 0, i % kw];
  const [n, c, oh, , ow] = view.shape as readonly [number, number, number, number, number, number];
  if (one === view) return sameShape(flat.shape, [n, c, oh, ow]) && starts.every((s) => s === 0);
  return (
    one.op === "slice" &&
    one.inputs[0] === view &&
    String(one.attrs.starts) === String(starts) &&
    sameShape(one.shape, [n, c, oh, 1, ow, 1])
  );
}
