import { abs, add, div, mul, sign, sqrt, square, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, flag, lr, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface GramsOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly biasCorrection: boolean;
}

export const grams: Optimizer<GramsOptions> = defineOptimizer<GramsOptions>({
  name: "grams",
  options: {
    lr: lr(1e-3),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square of the gradient"),
    eps: eps(1e-6, "keeps the denominator from zero; added to √v before the correction"),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights, apart from the gradient"),
    biasCorrection: flag("divide the moments by 1 − βᵗ", true),
  },
  paper: {
    cite: "Cao et al. 2024, algorithm 1",
    url: "https://arxiv.org/abs/2412.17107",
    equation: "θ ← (1−ηλ)θ;  θ −= η √(1−β₂ᵗ)/(1−β₁ᵗ) · sign(g) |m|/(√v + ε);  m, v as in Adam",
  },
  elsewhere: {},
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: null,
  purpose: "Adam's step lengths in the direction of the present gradient: no step against it",
  decoupled: () => true,
  make: ({ betas: [b1, b2], eps: e, weightDecay: decay, biasCorrection: corrects }) =>
    chain(
      perTensor({
        name: "grams",
        slots: { m: zerosLike, v: zerosLike },
        update: ({ step, momentum }) => {
          const beta1 = momentumOr(momentum, b1);
          const scale = corrects ? div(sqrt(biasCorrection(b2, step)), biasCorrection(beta1, step)) : 1;
          return (g, slots) => {
            const m = ema(slots.m, g, beta1);
            const v = ema(slots.v, square(g), b2);
            return [mul(scale, div(mul(sign(g), abs(m)), add(sqrt(v), e))), { m, v }];
          };
        },
      }),
      decay > 0 && addDecayedWeights(decay),
      scaleByLr(),
    ),
});
