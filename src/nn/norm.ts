import { add, type Expr, mean, mul, rsqrt, square, sub } from "../engine/graph/index.ts";
import { nnError, requireSizes } from "./errors.ts";
import { constantInit } from "./init.ts";
import { type Layer, plainLayer } from "./layer.ts";

/** (x − mean)/√(var + eps) with the biased variance over `axes`. */
export function standardized(x: Expr, axes: readonly number[], eps: number): Expr {
  const centred = sub(x, mean(x, { axes, keepDims: true }));
  return mul(centred, rsqrt(add(mean(square(centred), { axes, keepDims: true }), eps)));
}

/** Options of `layerNorm`. */
export interface LayerNormOptions {
  readonly eps?: number;
  /** Trained scale and shift. */
  readonly affine?: boolean;
}

/** The last axes, whose sizes must be those of the layer. */
function trailingAxes(owner: string, x: Expr, shape: readonly number[]): number[] {
  const tail = x.shape.slice(x.shape.length - shape.length);
  if (x.shape.length < shape.length || tail.some((d, i) => d !== shape[i]))
    throw nnError(`${owner}: [${x.shape.join(", ")}] does not end in [${shape.join(", ")}]`);
  return shape.map((_, i) => i - shape.length);
}

/** PyTorch's `nn.LayerNorm` over the trailing axes `shape`; weight 1 and bias 0 at first. */
export function layerNorm(
  shape: number | readonly number[],
  { eps = 1e-5, affine = true }: LayerNormOptions = {},
): Layer {
  const dims = [shape].flat();
  requireSizes("layerNorm", Object.fromEntries(dims.map((d, i) => [`axis ${i}`, d])));
  return plainLayer(
    (x, p) => {
      const y = standardized(x, trailingAxes("layerNorm", x, dims), eps);
      return affine ? add(mul(y, p["weight"]!), p["bias"]!) : y;
    },
    affine ? { weight: constantInit(dims, 1), bias: constantInit(dims, 0) } : {},
  );
}

/** Options of `rmsNorm`. */
export interface RmsNormOptions {
  /** Default: the dtype's machine epsilon, as PyTorch's `nn.RMSNorm`. */
  readonly eps?: number;
  readonly affine?: boolean;
}

const machineEpsilon = { float32: 2 ** -23, float64: 2 ** -52 };

/** x/√(mean x² + eps)·weight over the trailing axes `shape` (Zhang & Sennrich 2019). */
export function rmsNorm(
  shape: number | readonly number[],
  { eps, affine = true }: RmsNormOptions = {},
): Layer {
  const dims = [shape].flat();
  requireSizes("rmsNorm", Object.fromEntries(dims.map((d, i) => [`axis ${i}`, d])));
  return plainLayer(
    (x, p) => {
      const axes = trailingAxes("rmsNorm", x, dims);
      const small = eps ?? machineEpsilon[x.dtype === "float64" ? "float64" : "float32"];
      const y = mul(x, rsqrt(add(mean(square(x), { axes, keepDims: true }), small)));
      return affine ? mul(y, p["weight"]!) : y;
    },
    affine ? { weight: constantInit(dims, 1) } : {},
  );
}
