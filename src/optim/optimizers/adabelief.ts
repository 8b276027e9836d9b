import { add, div, mul, rsqrt, sqrt, square, sub, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, lr, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { adamLimit } from "../stability.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import { inProject } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface AdabeliefOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly epsRoot: number;
  readonly weightDecay: number;
}

export const adabelief: Optimizer<AdabeliefOptions> = defineOptimizer<AdabeliefOptions>({
  name: "adabelief",
  options: {
    lr: lr(1e-3),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the spread around it"),
    eps: eps(1e-16),
    epsRoot: eps(1e-16, "added to s at every step"),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights"),
  },
  paper: {
    cite: "Zhuang et al. 2020, algorithm 2, with optax's ε",
    url: "https://arxiv.org/abs/2010.07468",
    equation: "m = β₁m + (1−β₁)g;  s = β₂s + (1−β₂)(g−m)² + ε;  θ −= η m̂/(√ŝ + ε)",
  },
  elsewhere: { optax: "adabelief" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, s: 1 },
  torch: (o) => inProject("AdaBelief", o, { m: "adabelief.m", s: "adabelief.s" }, "betas"),
  purpose: "long steps where the gradient is as predicted, short ones where it surprises",
  stabilityLimit: {
    ...adamLimit,
    // s is the spread around m, not the mean square
    preconditioner: { ...adamLimit.preconditioner!, slot: () => "s" },
  },
  decoupled: () => true,
  make: ({ betas: [b1, b2], eps: e, epsRoot, weightDecay: decay }) =>
    chain(
      perTensor({
        name: "adabelief",
        slots: { m: zerosLike, s: zerosLike },
        update: ({ step, momentum }) => {
          const beta1 = momentumOr(momentum, b1);
          const scaleM = div(1, biasCorrection(beta1, step));
          const scaleRootS = rsqrt(biasCorrection(b2, step));
          return (g, slots) => {
            const m = ema(slots.m, g, beta1);
            const s = add(ema(slots.s, square(sub(g, m)), b2), epsRoot);
            return [mul(scaleM, div(m, add(mul(scaleRootS, sqrt(s)), e))), { m, s }];
          };
        },
      }),
      decay > 0 && addDecayedWeights(decay),
      scaleByLr(),
    ),
});
