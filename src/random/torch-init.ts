/**
 * `torch.nn.init` on PyTorch's stream. Shapes are PyTorch's: a weight is [out, in, ...kernel]; fan-in is in × kernel,
 * fan-out is out × kernel. Values come back flat, row-major.
 */
import { erf, erfinv } from "./erf.ts";
import type { FloatArrayOf, TorchDType, TorchGenerator } from "./torch.ts";

type Shape = readonly number[];

const size = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
const fanIn = (shape: Shape): number => size(shape.slice(1));
const fanOut = (shape: Shape): number => size([shape[0]!, ...shape.slice(2)]);

/** What `nn.Linear(fanIn, fanOut)` and its draws of weight [out, in], then bias [out], come to. */
export function linearInit<D extends TorchDType>(
  generator: TorchGenerator,
  inFeatures: number,
  outFeatures: number,
  dtype: D,
  { bias = true }: { bias?: boolean } = {},
): { weight: FloatArrayOf<D>; bias: FloatArrayOf<D> | null } {
  const weight = kaimingUniform(generator, [outFeatures, inFeatures], dtype, { a: Math.sqrt(5) });
  const bound = 1 / Math.sqrt(inFeatures);
  return { weight, bias: bias ? generator.uniform(-bound, bound, outFeatures, dtype) : null };
}

/** U(−b, b), b = √3 · √(2/(1+a²)) / √fan-in (He et al. 2015); `a` is the slope of the leaky ReLU that follows. */
export function kaimingUniform<D extends TorchDType>(
  generator: TorchGenerator,
  shape: Shape,
  dtype: D,
  { a = 0 }: { a?: number } = {},
): FloatArrayOf<D> {
  const bound = Math.sqrt(3) * (Math.sqrt(2 / (1 + a * a)) / Math.sqrt(fanIn(shape)));
  return generator.uniform(-bound, bound, size(shape), dtype);
}

/** N(0, s²), s = √(2/(1+a²)) / √fan-in. */
export function kaimingNormal<D extends TorchDType>(
  generator: TorchGenerator,
  shape: Shape,
  dtype: D,
  { a = 0 }: { a?: number } = {},
): FloatArrayOf<D> {
  return generator.normal(0, Math.sqrt(2 / (1 + a * a)) / Math.sqrt(fanIn(shape)), size(shape), dtype);
}

/** U(−b, b), b = gain · √(6/(fan-in + fan-out)) (Glorot & Bengio 2010). */
export function xavierUniform<D extends TorchDType>(
  generator: TorchGenerator,
  shape: Shape,
  dtype: D,
  { gain = 1 }: { gain?: number } = {},
): FloatArrayOf<D> {
  const bound = Math.sqrt(3) * (gain * Math.sqrt(2 / (fanIn(shape) + fanOut(shape))));
  return generator.uniform(-bound, bound, size(shape), dtype);
}

/** N(mean, std²) cut to [low, high], by inverting the distribution function as `trunc_normal_` does. */
export function truncatedNormal<D extends TorchDType>(
  generator: TorchGenerator,
  shape: Shape,
  dtype: D,
  {
    mean = 0,
    std = 1,
    low = -2,
    high = 2,
  }: { mean?: number; std?: number; low?: number; high?: number } = {},
): FloatArrayOf<D> {
  const edge = (x: number): number => erf((x - mean) / (std * Math.SQRT2));
  const values = generator.uniform(edge(low), edge(high), size(shape), dtype);
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.min(Math.max(erfinv(values[i]!) * std * Math.SQRT2 + mean, low), high);
  }
  return values;
}
