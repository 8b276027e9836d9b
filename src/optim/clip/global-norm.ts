import {
  abs,
  add,
  cast,
  div,
  type Expr,
  lt,
  max,
  min,
  mul,
  pow,
  select,
  sqrt,
  square,
  sum,
} from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { countNonFinite, mapKeeping, maxAbs, scalar, total } from "../tensors.ts";
import type { Tensors } from "../transform.ts";
import type { Clip } from "./clip.ts";

/** p-norm of one tensor, in its dtype. */
export function pNorm(x: Expr, p: number): Expr {
  switch (p) {
    case 1:
      return sum(abs(x));
    case 2:
      return sqrt(sum(square(x)));
    case Number.POSITIVE_INFINITY:
      return maxAbs(x);
    default:
      return pow(sum(pow(abs(x), p)), 1 / p);
  }
}

/** p-norm of all tensors together, float64. */
export function globalPNorm(tensors: Tensors, p: number): Expr {
  switch (p) {
    case 1:
      return total(tensors, (x) => sum(abs(x)));
    case 2:
      return sqrt(total(tensors, (x) => sum(square(x))));
    case Number.POSITIVE_INFINITY:
      return Object.values(tensors).reduce((m, x) => max(m, cast(maxAbs(x), "float64")), scalar(0));
    default:
      return pow(
        total(tensors, (x) => sum(pow(abs(x), p))),
        1 / p,
      );
  }
}

/** Throws `clip` unless `value` is a number > 0. */
export function requirePositive(what: string, value: number): void {
  if (!(value > 0)) {
    throw new SteepestError("clip", `${what} is ${value}`, { help: `give ${what} a number > 0` });
  }
}

/** Options of `clipByGlobalNorm`. */
export interface GlobalNormOptions {
  /** Which norm: any p > 0, Infinity for the largest entry. */
  readonly p?: number;
  /** Added to the norm; PyTorch's 1e-6. 0 is optax's rule. */
  readonly eps?: number;
  readonly errorIfNonfinite?: boolean;
}

/** g → g·min(1, maxNorm/(‖all g‖ₚ + ε)), as torch.nn.utils.clip_grad_norm_. */
export function clipByGlobalNorm(
  maxNorm: number,
  { p = 2, eps = 1e-6, errorIfNonfinite = false }: GlobalNormOptions = {},
): Clip {
  requirePositive("maxNorm", maxNorm);
  requirePositive("p", p);
  return {
    name: "clip",
    errorIfNonfinite,
    init: () => ({}),
    update: (grads) => {
      const scale = min(div(maxNorm, add(globalPNorm(grads, p), eps)), 1);
      return [mapKeeping(grads, (g) => mul(scale, g)), {}];
    },
    measure: (grads) => {
      const gradNorm = globalPNorm(grads, p);
      return {
        gradNorm,
        clipped: select(lt(maxNorm, gradNorm), scalar(1), 0),
        nonFinite: countNonFinite(grads),
      };
    },
  };
}

/** g → scale·g/(‖all g‖₂ + ε): every step's gradient has the same length (optax's normalize_by_update_norm). */
export function normalizeByGlobalNorm(scale = 1, { eps = 1e-6 }: { readonly eps?: number } = {}): Clip {
  requirePositive("scale", scale);
  return {
    name: "normalize",
    init: () => ({}),
    update: (grads) => {
      const factor = div(scale, add(globalPNorm(grads, 2), eps));
      return [mapKeeping(grads, (g) => mul(factor, g)), {}];
    },
    measure: (grads) => ({
      gradNorm: globalPNorm(grads, 2),
      clipped: scalar(1),
      nonFinite: countNonFinite(grads),
    }),
  };
}
