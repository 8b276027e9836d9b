import {
  add,
  type Expr,
  erf,
  exp,
  expm1,
  le,
  log1p,
  logSoftmax,
  max,
  mul,
  select,
  sigmoid,
  softmax,
  stopGradient,
  sub,
  tanh,
} from "../engine/graph/index.ts";
import { findRow } from "../run/table.ts";
import { type Layer, plainLayer } from "./layer.ts";

type Map = (x: Expr) => Expr;

const nonPositive: Map = (x) => le(x, 0);
/** min(x, 0) with all of the slope on the negative side and at 0; keeps unchosen branches from overflowing. */
const negativePart: Map = (x) => select(nonPositive(x), x, 0);

/** max(x, 0) with PyTorch's slope of 0 at 0 (the engine's `max` would give ½); NaN stays NaN. */
export const reluOf: Map = (x) => select(nonPositive(x), 0, x);

export const leakyReluOf = (x: Expr, slope = 0.01): Expr => select(nonPositive(x), mul(x, slope), x);

/** x above 0, α(eˣ − 1) below. */
export const eluOf = (x: Expr, alpha = 1): Expr =>
  select(nonPositive(x), mul(expm1(negativePart(x)), alpha), x);

/** x·Φ(x), or its tanh approximation (Hendrycks & Gimpel 2016). */
export function geluOf(x: Expr, { approximate = "none" }: { approximate?: "none" | "tanh" } = {}): Expr {
  const inner =
    approximate === "none"
      ? erf(mul(x, Math.SQRT1_2))
      : tanh(mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI)));
  return mul(mul(x, 0.5), add(inner, 1));
}

/** x·σ(x), also called swish. */
export const siluOf: Map = (x) => mul(x, sigmoid(x));

/**
 * log(1 + eˣ) in two parts: max(x, 0) as a constant, and what is left. Neither overflows, small values keep their
 * relative precision, and every derivative is right, at 0 too (with |x| in the formula the second would vanish there).
 */
export function softplusParts(x: Expr): { readonly peak: Expr; readonly rest: Expr } {
  const peak = stopGradient(max(x, 0));
  const below = nonPositive(x);
  const lowered = sub(x, peak);
  // log(e^(x−m) + e^(−m)) with the term that equals 1 taken out; expm1 of 0 keeps that term's derivatives
  const small = exp(select(below, lowered, sub(0, peak)));
  return { peak, rest: log1p(add(small, select(below, 0, expm1(lowered)))) };
}

/** log(1 + e^(βx))/β. PyTorch returns x itself above βx = 20, which differs by less than 2.1e-9/β. */
export function softplusOf(x: Expr, { beta = 1 }: { beta?: number } = {}): Expr {
  const { peak, rest } = softplusParts(beta === 1 ? x : mul(x, beta));
  const y = add(peak, rest);
  // the peak is a constant whose slope is inside `rest`
  return beta === 1 ? y : mul(y, 1 / beta);
}

/** x·tanh(log(1 + eˣ)) (Misra 2019). */
export const mishOf: Map = (x) => mul(x, tanh(softplusOf(x)));

/** max(0, x); the slope at 0 is 0. PyTorch's `ReLU`. Any shape. */
export const relu = (): Layer => plainLayer(reluOf);
/** x above 0, `slope`·x below. PyTorch's `LeakyReLU`, there `negative_slope`. Any shape. */
export const leakyRelu = ({ slope = 0.01 }: { slope?: number } = {}): Layer =>
  plainLayer((x) => leakyReluOf(x, slope));
/** x above 0, `alpha`·(eˣ − 1) below (Clevert et al. 2016). PyTorch's `ELU`. Any shape. */
export const elu = ({ alpha = 1 }: { alpha?: number } = {}): Layer => plainLayer((x) => eluOf(x, alpha));
/**
 * x·Φ(x) with the normal distribution function Φ, or its approximation by tanh (Hendrycks & Gimpel 2016).
 * PyTorch's `GELU`. Any shape.
 */
export const gelu = (options: { approximate?: "none" | "tanh" } = {}): Layer =>
  plainLayer((x) => geluOf(x, options));
/** x·sigmoid(x), also called swish. PyTorch's `SiLU`. Any shape. */
export const silu = (): Layer => plainLayer(siluOf);
/** x·tanh(log(1 + eˣ)) (Misra 2019). PyTorch's `Mish`. Any shape. */
export const mish = (): Layer => plainLayer(mishOf);
/** log(1 + e^(`beta`·x))/`beta`. PyTorch's `Softplus` to 2.1e-9/`beta`. Any shape. */
export const softplus = (options: { beta?: number } = {}): Layer => plainLayer((x) => softplusOf(x, options));
/** The hyperbolic tangent as a layer. PyTorch's `Tanh`. Any shape. */
export const tanhLayer = (): Layer => plainLayer(tanh);
/** 1/(1 + e⁻ˣ) as a layer. PyTorch's `Sigmoid`. Any shape. */
export const sigmoidLayer = (): Layer => plainLayer(sigmoid);
/**
 * Probabilities along `axis`, by default the last. PyTorch's `Softmax`. Cross-entropy wants logits: leave it
 * out there.
 */
export const softmaxLayer = ({ axis = -1 }: { axis?: number } = {}): Layer =>
  plainLayer((x) => softmax(x, axis));
/** Log-probabilities along `axis`, by default the last. PyTorch's `LogSoftmax`; what the loss `nll` takes. */
export const logSoftmaxLayer = ({ axis = -1 }: { axis?: number } = {}): Layer =>
  plainLayer((x) => logSoftmax(x, axis));
/** The input unchanged. PyTorch's `Identity`. */
export const identity = (): Layer => plainLayer((x) => x);

/** One activation of the table: its name in run files, and what PyTorch calls it. */
export interface ActivationRow {
  readonly name: string;
  /** PyTorch's module, as it is written there. */
  readonly elsewhere: { readonly pytorch: string };
  readonly make: () => Layer;
}

/** The activations a run file can name. */
export const activations: readonly ActivationRow[] = [
  { name: "relu", elsewhere: { pytorch: "ReLU()" }, make: relu },
  { name: "leaky-relu", elsewhere: { pytorch: "LeakyReLU()" }, make: leakyRelu },
  { name: "elu", elsewhere: { pytorch: "ELU()" }, make: elu },
  { name: "gelu", elsewhere: { pytorch: "GELU()" }, make: gelu },
  {
    name: "gelu-tanh",
    elsewhere: { pytorch: "GELU(approximate='tanh')" },
    make: () => gelu({ approximate: "tanh" }),
  },
  { name: "silu", elsewhere: { pytorch: "SiLU()" }, make: silu },
  { name: "mish", elsewhere: { pytorch: "Mish()" }, make: mish },
  { name: "softplus", elsewhere: { pytorch: "Softplus()" }, make: softplus },
  { name: "tanh", elsewhere: { pytorch: "Tanh()" }, make: tanhLayer },
  { name: "sigmoid", elsewhere: { pytorch: "Sigmoid()" }, make: sigmoidLayer },
  { name: "identity", elsewhere: { pytorch: "Identity()" }, make: identity },
];

/** The activation called `name`. Throws `model` with a suggestion. */
export const findActivation = (name: string): ActivationRow =>
  findRow(activations, name, { code: "model", missing: `no activation is called "${name}"` });
