/**
 * Initial values. Shapes are PyTorch's: a weight is [out, in, ...kernel]; fan-in is in × kernel, fan-out out × kernel.
 */
import { allocate, type Shape, sizeOf, type TypedArray } from "../engine/graph/index.ts";
import type { Stream, TorchGenerator } from "../random/index.ts";
import type { InitRandom, Layer, ParamDType, ParamSpec, ParamSpecs } from "./layer.ts";

const fanIn = (shape: Shape): number => sizeOf(shape.slice(1));
const fanOut = (shape: Shape): number => sizeOf([shape[0]!, ...shape.slice(2)]);

/** A tensor that starts at one value and draws nothing. */
export const constantInit = (shape: Shape, value: number): ParamSpec => ({
  shape,
  init: () => new Float64Array(sizeOf(shape)).fill(value),
});

/** U(−bound, bound). */
export const uniformInit = (shape: Shape, bound: number): ParamSpec => ({
  shape,
  init: (random) => random.uniform(sizeOf(shape), -bound, bound),
});

/** N(0, std²). */
export const normalInit = (shape: Shape, std = 1): ParamSpec => ({
  shape,
  init: (random) => random.normal(sizeOf(shape), 0, std),
});

/** U(±√3·√(2/(1+a²))/√fan-in) (He et al. 2015); `a` is the slope of the leaky ReLU that follows. */
export const kaimingUniform = (shape: Shape, { a = 0 }: { a?: number } = {}): ParamSpec =>
  uniformInit(shape, Math.sqrt(3) * (Math.sqrt(2 / (1 + a * a)) / Math.sqrt(fanIn(shape))));

/** N(0, s²), s = √(2/(1+a²))/√fan-in. */
export const kaimingNormal = (shape: Shape, { a = 0 }: { a?: number } = {}): ParamSpec =>
  normalInit(shape, Math.sqrt(2 / (1 + a * a)) / Math.sqrt(fanIn(shape)));

/** U(±gain·√(6/(fan-in + fan-out))) (Glorot & Bengio 2010). */
export const xavierUniform = (shape: Shape, { gain = 1 }: { gain?: number } = {}): ParamSpec =>
  uniformInit(shape, Math.sqrt(3) * (gain * Math.sqrt(2 / (fanIn(shape) + fanOut(shape)))));

/** N(0, s²), s = gain·√(2/(fan-in + fan-out)). */
export const xavierNormal = (shape: Shape, { gain = 1 }: { gain?: number } = {}): ParamSpec =>
  normalInit(shape, gain * Math.sqrt(2 / (fanIn(shape) + fanOut(shape))));

/** What PyTorch's linear and convolution layers start from: kaiming-uniform with a = √5, bias U(±1/√fan-in). */
export function torchDefault(weight: Shape, { bias = true }: { bias?: boolean } = {}): ParamSpecs {
  const spec = kaimingUniform(weight, { a: Math.sqrt(5) });
  if (!bias) return { weight: spec };
  const fan = fanIn(weight);
  return { weight: spec, bias: uniformInit([weight[0]!], fan > 0 ? 1 / Math.sqrt(fan) : 0) };
}

/** Draws from PyTorch's CPU stream, as `torch.manual_seed` and the tensor's dtype determine it. */
export const torchInit = (generator: TorchGenerator, dtype: ParamDType): InitRandom => ({
  uniform: (n, lo, hi) => Float64Array.from(generator.uniform(lo, hi, n, dtype)),
  normal: (n, mean, std) => Float64Array.from(generator.normal(mean, std, n, dtype)),
});

/** Draws from one of our own streams; the same numbers (rounded) whatever the dtype. */
export const streamInit = (stream: Stream): InitRandom => ({
  uniform: (n, lo, hi) => stream.uniform(n).map((u) => lo + u * (hi - lo)),
  normal: (n, mean, std) => stream.normal(n).map((z) => mean + std * z),
});

/** Names and shapes of everything a model trains, in the order of PyTorch's `named_parameters()`. */
export const paramSpecs = (model: Layer): (ParamSpec & { readonly name: string })[] =>
  Object.entries(model.params).map(([name, spec]) => ({ name, ...spec }));

/** How many numbers a model trains. */
export const countParams = (model: Layer): number =>
  paramSpecs(model).reduce((n, { shape }) => n + sizeOf(shape), 0);

/** Initial values of the trained tensors, drawn in order. */
export const initParams = (
  model: Layer,
  random: InitRandom,
  dtype: ParamDType = "float32",
): Record<string, TypedArray> => fill(model.params, random, dtype);

/** Initial values of the tensors that are kept but not trained. */
export const initBuffers = (
  model: Layer,
  random: InitRandom,
  dtype: ParamDType = "float32",
): Record<string, TypedArray> => fill(model.buffers, random, dtype);

function fill(specs: ParamSpecs, random: InitRandom, dtype: ParamDType): Record<string, TypedArray> {
  const values: Record<string, TypedArray> = {};
  for (const [name, spec] of Object.entries(specs)) {
    values[name] = allocate(dtype, sizeOf(spec.shape));
    values[name].set(spec.init(random));
  }
  return values;
}
