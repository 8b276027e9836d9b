import { add, div, eq, mul, rsqrt, select, sqrt, square, sub, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, flag, lr, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { biasCorrection, ema } from "../tensors.ts";
import { inProject } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { proximalDecay } from "../transforms/proximal-decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface AdanOptions {
  readonly lr: number;
  readonly betas: readonly [number, number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly noProx: boolean;
}

export const adan: Optimizer<AdanOptions> = defineOptimizer<AdanOptions>({
  name: "adan",
  options: {
    lr: lr(1e-3),
    betas: betas(
      [0.98, 0.92, 0.99] as const,
      "memory of the gradient, of its differences, of the squares (1 − the paper's β)",
    ),
    eps: eps(1e-8),
    weightDecay: weightDecay(0, "λ: decay, by division by 1 + ηλ"),
    noProx: flag("decay as AdamW does instead"),
  },
  paper: {
    cite: "Xie et al. 2022, algorithm 1",
    url: "https://arxiv.org/abs/2208.06677",
    equation: "d = g − gₜ₋₁;  m, v, n: averages of g, d, (g+β₂d)²;  θ ← (θ − η (m̂ + β₂v̂)/(√n̂ + ε))/(1+ηλ)",
  },
  elsewhere: { optax: "adan" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1, n: 2 },
  torch: (o) => inProject("Adan", o, { m: "adan.m", v: "adan.v", n: "adan.n", prev: "adan.prev" }),
  purpose: "Nesterov momentum for adaptive steps: vision and language models with large batches",
  make: ({ betas: [b1, b2, b3], eps: e, weightDecay: decay, noProx }) =>
    chain(
      perTensor({
        name: "adan",
        slots: { m: zerosLike, v: zerosLike, n: zerosLike, prev: zerosLike },
        update: ({ step }) => {
          const first = eq(step, 1);
          const scaleM = div(1, biasCorrection(b1, step));
          const scaleV = div(b2, biasCorrection(b2, step));
          const scaleRootN = rsqrt(biasCorrection(b3, step));
          return (g, slots) => {
            const d = select(first, zerosLike(g), sub(g, slots.prev));
            const m = ema(slots.m, g, b1);
            const v = ema(slots.v, d, b2);
            const n = ema(slots.n, square(add(g, mul(b2, d))), b3);
            const u = div(add(mul(scaleM, m), mul(scaleV, v)), add(mul(scaleRootN, sqrt(n)), e));
            return [u, { m, v, n, prev: g }];
          };
        },
      }),
      noProx && decay > 0 && addDecayedWeights(decay),
      scaleByLr(),
      !noProx && decay > 0 && proximalDecay(decay),
    ),
});
