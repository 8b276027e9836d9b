import { add, div, gt, mul, pow, select, sqrt, square, sub, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, flag, lr, maximize, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { outsideAdamLimit } from "../stability.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import { inTorch } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { ascend, scaleByLr } from "../transforms/scale.ts";

export interface RadamOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly decoupledWeightDecay: boolean;
  readonly maximize: boolean;
}

export const radam: Optimizer<RadamOptions> = defineOptimizer<RadamOptions>({
  name: "radam",
  options: {
    lr: lr(1e-3),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square"),
    eps: eps(1e-8),
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient"),
    decoupledWeightDecay: flag("take η·λθ off the weights instead"),
    maximize,
  },
  paper: {
    cite: "Liu et al. 2020, algorithm 2",
    url: "https://arxiv.org/abs/1908.03265",
    equation:
      "ρ∞ = 2/(1−β₂)−1; ρ = ρ∞ − 2tβ₂ᵗ/(1−β₂ᵗ); ρ > 5: θ −= η m̂ r √(1−β₂ᵗ)/(√v+ε), r = √((ρ−4)(ρ−2)ρ∞/((ρ∞−4)(ρ∞−2)ρ)); else θ −= η m̂",
  },
  elsewhere: { pytorch: "RAdam", optax: "radam" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: (o) =>
    o.decoupledWeightDecay || o.maximize
      ? null
      : inTorch(
          "RAdam",
          { weight_decay: o.weightDecay, betas: o.betas, eps: o.eps },
          { exp_avg: "radam.m", exp_avg_sq: "radam.v" },
          "betas",
        ),
  purpose: "Adam without a hand-made warm-up: momentum until v can be trusted",
  // once v is trusted and the rectifier has come near 1
  stabilityLimit: outsideAdamLimit,
  decoupled: (o) => o.decoupledWeightDecay,
  make: ({ betas: [b1, b2], eps: e, weightDecay: decay, decoupledWeightDecay: decoupled, maximize: climb }) =>
    chain(
      climb && ascend(),
      decay > 0 && !decoupled && addDecayedWeights(decay),
      perTensor({
        name: "radam",
        slots: { m: zerosLike, v: zerosLike },
        update: ({ step, momentum }) => {
          const beta1 = momentumOr(momentum, b1);
          const scaleM = div(1, biasCorrection(beta1, step));
          const correction = biasCorrection(b2, step);
          const rhoInf = 2 / (1 - b2) - 1;
          const rho = sub(rhoInf, div(mul(mul(2, step), pow(b2, step)), correction));
          const trusted = gt(rho, 5);
          const variance = div(
            mul(mul(sub(rho, 4), sub(rho, 2)), rhoInf),
            mul((rhoInf - 4) * (rhoInf - 2), rho),
          );
          // below the threshold the variance may be negative: its root is not used there
          const rectifier = sqrt(mul(select(trusted, variance, 0), correction));
          return (g, slots) => {
            const m = ema(slots.m, g, beta1);
            const v = ema(slots.v, square(g), b2);
            const length = select(trusted, div(rectifier, add(sqrt(v), e)), 1);
            return [mul(mul(scaleM, m), length), { m, v }];
          };
        },
      }),
      decay > 0 && decoupled && addDecayedWeights(decay),
      scaleByLr(),
    ),
});
