import { abs, add, div, max, mul, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, lr, maximize, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import { inTorch } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { ascend, scaleByLr } from "../transforms/scale.ts";

export interface AdamaxOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly maximize: boolean;
}

export const adamax: Optimizer<AdamaxOptions> = defineOptimizer<AdamaxOptions>({
  name: "adamax",
  options: {
    lr: lr(2e-3),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the largest gradient"),
    eps: eps(1e-8),
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient"),
    maximize,
  },
  paper: {
    cite: "Kingma & Ba 2015, algorithm 2",
    url: "https://arxiv.org/abs/1412.6980",
    equation: "m = β₁m + (1−β₁)g;  u = max(β₂u, |g|+ε);  θ −= η/(1−β₁ᵗ) · m/u",
  },
  elsewhere: { pytorch: "Adamax", optax: "adamax", keras: "Adamax" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0 },
  torch: (o) =>
    o.maximize
      ? null
      : inTorch(
          "Adamax",
          { weight_decay: o.weightDecay, betas: o.betas, eps: o.eps },
          { exp_avg: "adamax.m", exp_inf: "adamax.u" },
          "betas",
        ),
  purpose: "Adam with the largest recent gradient in place of the root mean square; steps never exceed η",
  make: ({ betas: [b1, b2], eps: e, weightDecay: decay, maximize: climb }) =>
    chain(
      climb && ascend(),
      decay > 0 && addDecayedWeights(decay),
      perTensor({
        name: "adamax",
        slots: { m: zerosLike, u: zerosLike },
        update: ({ step, momentum }) => {
          const beta1 = momentumOr(momentum, b1);
          const scaleM = div(1, biasCorrection(beta1, step));
          return (g, slots) => {
            const m = ema(slots.m, g, beta1);
            const u = max(mul(b2, slots.u), add(abs(g), e));
            return [mul(scaleM, div(m, u)), { m, u }];
          };
        },
      }),
      scaleByLr(),
    ),
});
