import {
  add,
  div,
  type Expr,
  exp,
  min,
  mul,
  rsqrt,
  sqrt,
  square,
  sub,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, lr, number, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { biasCorrection, ema, momentumOr, scalar } from "../tensors.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface AdemamixOptions {
  readonly lr: number;
  readonly betas: readonly [number, number, number];
  readonly alpha: number;
  readonly warmupSteps: number;
  readonly eps: number;
  readonly weightDecay: number;
}

/** β₃ rises from β₁ so that the half-life of its memory grows linearly (paper, section 3). */
const slowBeta = (start: number, end: number, done: Expr): Expr => {
  const [ls, le] = [Math.log(start), Math.log(end)];
  return exp(div(ls * le, add(mul(le, sub(1, done)), mul(ls, done))));
};

export const ademamix: Optimizer<AdemamixOptions> = defineOptimizer<AdemamixOptions>({
  name: "ademamix",
  options: {
    lr: lr(1e-3),
    betas: betas([0.9, 0.999, 0.9999] as const, "β₁ fast average, β₂ squares, β₃ slow average"),
    alpha: number(5, "α: weight of the slow average", { min: 0 }),
    warmupSteps: number(0, "steps over which α rises from 0 and β₃ from β₁", { min: 0, integer: true }),
    eps: eps(1e-8),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights"),
  },
  paper: {
    cite: "Pagliardini, Ablin & Grangier 2024, algorithm 1",
    url: "https://arxiv.org/abs/2409.03137",
    equation: "m₁, m₂: fast and slow averages of g;  θ −= η ((m₁/(1−β₁ᵗ) + αm₂)/(√(v/(1−β₂ᵗ)) + ε) + λθ)",
  },
  elsewhere: { optax: "contrib.ademamix", hf: "ademamix" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m1: 0, v: 1 },
  torch: null,
  purpose: "long runs: gradients of ten thousand steps ago still help",
  decoupled: () => true,
  make: ({ betas: [b1, b2, b3], alpha, warmupSteps, eps: e, weightDecay: decay }) =>
    chain(
      perTensor({
        name: "ademamix",
        slots: { m1: zerosLike, m2: zerosLike, v: zerosLike },
        update: ({ step, momentum }) => {
          const beta1 = momentumOr(momentum, b1);
          const done = warmupSteps === 0 ? scalar(1) : min(1, div(step, warmupSteps));
          const beta3 = warmupSteps === 0 || b1 === 0 || b3 === 0 ? b3 : slowBeta(b1, b3, done);
          const mix = mul(alpha, done);
          const scaleM = div(1, biasCorrection(beta1, step));
          const scaleRootV = rsqrt(biasCorrection(b2, step));
          return (g, slots) => {
            const m1 = ema(slots.m1, g, beta1);
            const m2 = ema(slots.m2, g, beta3);
            const v = ema(slots.v, square(g), b2);
            const m = add(mul(scaleM, m1), mul(mix, m2));
            return [div(m, add(mul(scaleRootV, sqrt(v)), e)), { m1, m2, v }];
          };
        },
      }),
      decay > 0 && addDecayedWeights(decay),
      scaleByLr(),
    ),
});
