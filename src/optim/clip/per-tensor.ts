import {
  abs,
  add,
  cast,
  clamp,
  div,
  type Expr,
  isFinite as finite,
  lt,
  max,
  min,
  mul,
  select,
  sizeOf,
  sqrt,
  square,
  sum,
  zerosLike,
} from "../../engine/graph/index.ts";
import { countNonFinite, globalNorm, mapKeeping, rootMeanSquare, total } from "../tensors.ts";
import type { Clip } from "./clip.ts";
import { pNorm, requirePositive } from "./global-norm.ts";

/** A clip that treats each tensor for itself; `hit` says what of it was clipped, `units` how much could have been. */
const local = (
  name: string,
  clip: (g: Expr, p: Expr) => Expr,
  hit: (g: Expr, p: Expr) => Expr,
  units: (g: Expr) => number,
): Clip => ({
  name,
  init: () => ({}),
  update: (grads, _, params) => [mapKeeping(grads, (g, k) => clip(g, params[k]!)), {}],
  measure: (grads, _, params) => {
    const all = Object.values(grads).reduce((n, g) => n + units(g), 0);
    return {
      gradNorm: globalNorm(grads),
      clipped: div(
        total(grads, (g, k) => sum(cast(hit(g, params[k]!), "float64"))),
        Math.max(1, all),
      ),
      nonFinite: countNonFinite(grads),
    };
  },
});

const entries = (g: Expr): number => sizeOf(g.shape);
const one = (): number => 1;

/** Each entry to [−value, value], as torch.nn.utils.clip_grad_value_; NaN stays. It turns the gradient. */
export function clipByValue(value: number): Clip {
  requirePositive("value", value);
  return local(
    "clip",
    (g) => clamp(g, -value, value),
    (g) => lt(value, abs(g)),
    entries,
  );
}

/** Each tensor to a p-norm of at most maxNorm. */
export function clipByTensorNorm(
  maxNorm: number,
  { p = 2, eps = 1e-6 }: { readonly p?: number; readonly eps?: number } = {},
): Clip {
  requirePositive("maxNorm", maxNorm);
  requirePositive("p", p);
  return local(
    "clip",
    (g) => mul(min(div(maxNorm, add(pNorm(g, p), eps)), 1), g),
    (g) => lt(maxNorm, pNorm(g, p)),
    one,
  );
}

/** Each tensor to a root mean square of at most `threshold` (Shazeer & Stern 2018; optax's clip_by_block_rms). */
export function clipByBlockRms(threshold: number): Clip {
  requirePositive("threshold", threshold);
  return local(
    "clip",
    (g) => div(g, max(div(rootMeanSquare(g), threshold), 1)),
    (g) => lt(threshold, rootMeanSquare(g)),
    one,
  );
}

/** NaN and ±Infinity become 0; the rest of the gradient is used. */
export const zeroNonFinite = (): Clip =>
  local(
    "zero-non-finite",
    (g) => select(finite(g), g, zerosLike(g)),
    (g) => lt(select(finite(g), 1, zerosLike(g)), 1),
    entries,
  );

/** Options of `adaptiveClip`. */
export interface AdaptiveOptions {
  /** Norms of weights below this count as this. */
  readonly eps?: number;
  /** Which axis of a weight numbers its units: "first" is PyTorch's layout [out, in, …], "last" is JAX's. */
  readonly unitAxis?: "first" | "last";
}

/**
 * Each unit's gradient to at most `clipping` times its weights' norm (AGC: Brock et al. 2021, equation 3). A unit is
 * the weights of one output; a vector is one unit.
 */
export function adaptiveClip(
  clipping = 0.01,
  { eps = 1e-3, unitAxis = "first" }: AdaptiveOptions = {},
): Clip {
  requirePositive("clipping", clipping);
  const unitNorm = (x: Expr): Expr => {
    const unit = x.shape.length < 2 ? -1 : unitAxis === "first" ? 0 : x.shape.length - 1;
    const axes = x.shape.map((_, i) => i).filter((i) => i !== unit);
    return sqrt(sum(square(x), { axes, keepDims: true }));
  };
  const limit = (p: Expr): Expr => mul(clipping, max(unitNorm(p), eps));
  return local(
    "clip",
    (g, p) => {
      const [norm, bound] = [unitNorm(g), limit(p)];
      return select(lt(norm, bound), g, mul(g, div(bound, max(norm, 1e-6))));
    },
    (g, p) => lt(limit(p), unitNorm(g)),
    (g) => (g.shape.length < 2 ? 1 : g.shape.at(unitAxis === "first" ? 0 : -1)!),
  );
}
