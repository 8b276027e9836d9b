import { add, div, eq, mul, select, sqrt, square, sum, zeros, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, lr, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { ema, momentumOr } from "../tensors.ts";
import { decayNow } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface NovogradOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

export const novograd: Optimizer<NovogradOptions> = defineOptimizer<NovogradOptions>({
  name: "novograd",
  options: {
    lr: lr(1e-2),
    betas: betas([0.9, 0.25] as const, "β₁ of the steps, β₂ of each tensor's squared norm"),
    eps: eps(1e-6),
    weightDecay: weightDecay(0, "λ: adds λθ to the normalised gradient"),
  },
  paper: {
    cite: "Ginsburg et al. 2019, algorithm 1",
    url: "https://arxiv.org/abs/1905.11286",
    equation: "v = β₂v + (1−β₂)‖g‖² for each tensor;  m = β₁m + g/(√v + ε) + λθ;  θ −= ηm",
  },
  elsewhere: { optax: "novograd" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "speech models: one second moment per tensor, half of Adam's state",
  make: ({ betas: [b1, b2], eps: e, weightDecay: decay }) =>
    chain(
      perTensor({
        name: "novograd",
        slots: { m: zerosLike, v: (p) => zeros([], p.dtype) },
        update: (hyper) => {
          const first = eq(hyper.step, 1);
          const lambda = decayNow(decay, hyper);
          const beta1 = momentumOr(hyper.momentum, b1);
          return (g, slots, p) => {
            const g2 = sum(square(g));
            const v = select(first, g2, ema(slots.v, g2, b2));
            const scaled = div(g, add(sqrt(v), e));
            const u = decay === 0 ? scaled : add(scaled, mul(lambda, p));
            const m = add(mul(beta1, slots.m), u); // m starts at 0, so m₁ = u₁
            return [m, { m, v }];
          };
        },
      }),
      scaleByLr(),
    ),
});
