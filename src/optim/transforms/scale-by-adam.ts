import {
  add,
  div,
  type Expr,
  max,
  mul,
  type Operand,
  rsqrt,
  sqrt,
  square,
  zerosLike,
} from "../../engine/graph/index.ts";
import { perTensor } from "../per-tensor.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import type { Hyper, Transform } from "../transform.ts";

/** Options of `scaleByAdam`. */
export interface AdamMoments {
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Off shows the cold start: without it the first steps are up to 6.6 times too long. */
  readonly biasCorrection?: boolean;
  /** ε is added to √v, not to its corrected value: Adam as its paper's remark and older libraries write it. */
  readonly epsBeforeCorrection?: boolean;
}

/** β₁ of this step and the quotient m̂/(√v̂ + ε), its corrections computed once on float64 scalars. */
const quotient = (
  { betas: [beta1, beta2], eps, biasCorrection: corrected = true, epsBeforeCorrection = false }: AdamMoments,
  { step, momentum }: Hyper,
): { b1: Operand; of: (m: Expr, v: Expr) => Expr } => {
  const b1 = momentumOr(momentum, beta1);
  if (!corrected) return { b1, of: (m, v) => div(m, add(sqrt(v), eps)) };
  if (epsBeforeCorrection) {
    const scale = div(sqrt(biasCorrection(beta2, step)), biasCorrection(b1, step));
    return { b1, of: (m, v) => mul(scale, div(m, add(sqrt(v), eps))) };
  }
  const scaleM = div(1, biasCorrection(b1, step));
  const scaleRootV = rsqrt(biasCorrection(beta2, step));
  return { b1, of: (m, v) => mul(scaleM, div(m, add(mul(scaleRootV, sqrt(v)), eps))) };
};

/** m̂/(√v̂ + ε) with m = β₁m + (1−β₁)g, v = β₂v + (1−β₂)g² (Kingma & Ba 2015, algorithm 1). */
export const scaleByAdam = (moments: AdamMoments): Transform =>
  perTensor({
    name: "adam",
    slots: { m: zerosLike, v: zerosLike },
    update: (hyper) => {
      const { b1, of } = quotient(moments, hyper);
      return (g, slots) => {
        const m = ema(slots.m, g, b1);
        const v = ema(slots.v, square(g), moments.betas[1]);
        return [of(m, v), { m, v }];
      };
    },
  });

/**
 * AMSGrad as PyTorch has it: √v̂ of the largest v so far, corrected after the maximum (Reddi et al. 2018 have no
 * correction; optax corrects before the maximum, see `optimizers/amsgrad.ts`).
 */
export const scaleByAmsgrad = (moments: AdamMoments): Transform =>
  perTensor({
    name: "adam",
    slots: { m: zerosLike, v: zerosLike, vmax: zerosLike },
    update: (hyper) => {
      const { b1, of } = quotient(moments, hyper);
      return (g, slots) => {
        const m = ema(slots.m, g, b1);
        const v = ema(slots.v, square(g), moments.betas[1]);
        const vmax = max(slots.vmax, v);
        return [of(m, vmax), { m, v, vmax }];
      };
    },
  });
