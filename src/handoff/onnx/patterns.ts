/**
 * Operators that ONNX has as one and the traced graph has as several. A pattern that does not match leaves its nodes to
 * their own rules, so a model never depends on it.
 */
import type { Expr } from "../../engine/graph/expr.ts";
import type { Primitive } from "../../engine/graph/primitives.ts";
import { sameShape } from "../../engine/graph/shape.ts";
import type { Emitter } from "./emitter.ts";
import { isZero, numberOf, type Of, unbroadcast } from "./match.ts";
import { averagePool, conv, maxPool, maxPoolOfTiles } from "./pattern-images.ts";

/** The value's name, or null where the node is not of this kind. */
export type Pattern<P extends Primitive> = (e: Of<P>, emit: Emitter) => string | null;

/** select(x ≤ 0, 0, x), and with a slope below 0. */
const relu: Pattern<"select"> = (e, { b, value }) => {
  const [condition, below, x] = e.inputs as readonly [Expr, Expr, Expr];
  if (condition.op !== "le" || condition.inputs[0] !== x || !isZero(condition.inputs[1]!)) return null;
  if (isZero(below)) return b.node("Relu", [value(x)]);
  if (below.op !== "mul" || below.inputs[0] !== x) return null;
  const slope = numberOf(below.inputs[1]!);
  return slope === null ? null : b.node("LeakyRelu", [value(x)], { alpha: { float: slope } });
};

interface Reduced {
  readonly x: Expr;
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** A reduction, with its axes kept or not. */
function reduced(e: Expr, op: "reduceSum" | "reduceMax"): Reduced | null {
  const inner = e.op === "reshape" ? e.inputs[0]! : e;
  if (inner.op !== op) return null;
  const x = inner.inputs[0]!;
  const { axes } = inner.attrs;
  if (e === inner) return { x, axes, keepDims: false };
  const kept = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  return sameShape(e.shape, kept) ? { x, axes, keepDims: true } : null;
}

/** The sum over the number of its elements, at every batch size. */
const mean: Pattern<"div"> = (e, emit) => {
  const total = reduced(e.inputs[0]!, "reduceSum");
  if (total === null) return null;
  const isCount = emit.trio(e).every((at) => {
    const here = reduced(at.inputs[0]!, "reduceSum");
    const count = here?.axes.reduce((n, axis) => n * here.x.shape[axis]!, 1);
    return count !== undefined && numberOf(at.inputs[1]!) === count;
  });
  if (!isCount) return null;
  const { x, axes, keepDims } = total;
  const pool = keepDims ? null : averagePool(x, axes, emit);
  const { b, value } = emit;
  return pool ?? b.node("ReduceMean", [value(x), b.integers(axes)], { keepdims: Number(keepDims) });
};

/** x less its largest entry along one axis. */
function shifted(e: Expr): { readonly x: Expr; readonly axis: number } | null {
  if (e.op !== "sub") return null;
  const x = e.inputs[0]!;
  const peak = unbroadcast(e.inputs[1]!);
  const largest = reduced(peak.op === "stopGradient" ? peak.inputs[0]! : peak, "reduceMax");
  if (largest === null || largest.x !== x || !largest.keepDims || largest.axes.length !== 1) return null;
  return { x, axis: largest.axes[0]! };
}

const sumsAlong = (e: Expr, of: Expr, axis: number): boolean => {
  const total = reduced(e, "reduceSum");
  return total !== null && total.x === of && total.keepDims && String(total.axes) === String(axis);
};

const softmax: Pattern<"div"> = (e, { b, value }) => {
  const [top, bottom] = e.inputs as readonly [Expr, Expr];
  const found = top.op === "exp" ? shifted(top.inputs[0]!) : null;
  if (found === null || !sumsAlong(unbroadcast(bottom), top, found.axis)) return null;
  return b.node("Softmax", [value(found.x)], { axis: found.axis });
};

const logSoftmax: Pattern<"sub"> = (e, { b, value }) => {
  const [top, bottom] = e.inputs as readonly [Expr, Expr];
  const found = shifted(top);
  const log = unbroadcast(bottom);
  if (found === null || log.op !== "log") return null;
  const total = reduced(log.inputs[0]!, "reduceSum");
  if (total === null || total.x.op !== "exp" || total.x.inputs[0] !== top) return null;
  return sumsAlong(log.inputs[0]!, total.x, found.axis)
    ? b.node("LogSoftmax", [value(found.x)], { axis: found.axis })
    : null;
};

/** A matrix product and a bias for each column. */
const linear: Pattern<"add"> = (e, { b, value }) => {
  const [product, bias] = [e.inputs[0]!, unbroadcast(e.inputs[1]!)];
  if (product.op !== "matmul" || product.shape.length !== 2 || bias.shape.length !== 1) return null;
  const { transposeA, transposeB } = product.attrs;
  return b.node("Gemm", [value(product.inputs[0]!), value(product.inputs[1]!), value(bias)], {
    transA: Number(transposeA),
    transB: Number(transposeB),
  });
};

/** One number a channel, the second axis of `of`. */
function perChannel(e: Expr, of: Expr): Expr | null {
  const inner = unbroadcast(e);
  const flat = inner.op === "reshape" ? inner.inputs[0]! : inner;
  const channels = of.shape[1];
  const shape = [channels, ...of.shape.slice(2).map(() => 1)];
  return flat.shape.length === 1 && flat.shape[0] === channels && String(inner.shape) === String(shape)
    ? flat
    : null;
}

/** (x − mean)·(var + eps)^−½·weight + bias with stored means and variances. */
const batchNorm: Pattern<"add"> = (e, { b, value }) => {
  const scaled = e.inputs[0]!;
  if (scaled.op !== "mul" || scaled.inputs[0]!.op !== "mul") return null;
  const normal = scaled.inputs[0]!;
  const centred = normal.inputs[0]!;
  if (centred.op !== "sub") return null;
  const x = centred.inputs[0]!;
  if (x.shape.length < 2) return null;
  const bias = perChannel(e.inputs[1]!, x);
  const weight = perChannel(scaled.inputs[1]!, x);
  const inverse = perChannel(normal.inputs[1]!, x);
  const average = perChannel(centred.inputs[1]!, x);
  if (bias === null || weight === null || average === null || inverse?.op !== "rsqrt") return null;
  const variance = inverse.inputs[0]!;
  const eps = variance.op === "add" ? numberOf(variance.inputs[1]!) : null;
  if (eps === null) return null;
  const inputs = [x, weight, bias, average, variance.inputs[0]!].map(value);
  return b.node("BatchNormalization", inputs, { epsilon: { float: eps } });
};

/** A convolution's bias for each channel. */
const convBias: Pattern<"add"> = (e, emit) => {
  const pixels = e.inputs[0]!;
  if (pixels.op !== "reshape") return null;
  const bias = perChannel(e.inputs[1]!, pixels);
  return bias === null ? null : conv(pixels, emit, bias);
};

type Table = { readonly [P in Primitive]?: readonly Pattern<P>[] };

const patterns: Table = {
  add: [convBias, linear, batchNorm],
  sub: [logSoftmax],
  div: [softmax, mean],
  select: [relu],
  reshape: [(e, emit) => conv(e, emit)],
  reduceSum: [maxPool],
  withGradient: [maxPoolOfTiles],
};

/** The first pattern that fits the node, or null. */
export function matchPattern<P extends Primitive>(e: Of<P>, emit: Emitter): string | null {
  const tried: readonly Pattern<P>[] = patterns[e.op] ?? [];
  for (const pattern of tried) {
    const found = pattern(e, emit);
    if (found !== null) return found;
  }
  return null;
}
