import {
  add,
  div,
  type Expr,
  max,
  mean,
  mul,
  type Operand,
  sqrt,
  square,
  sub,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, lr, number, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import { decayNow } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface StableAdamwOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly clipThreshold: number;
}

/** β(1−βᵗ⁻¹)/(1−βᵗ): an average with it is Adam's corrected moment. */
const correctedBeta = (beta: Operand, step: Expr): Expr =>
  div(mul(beta, biasCorrection(beta, sub(step, 1))), biasCorrection(beta, step));

export const stableAdamw: Optimizer<StableAdamwOptions> = defineOptimizer<StableAdamwOptions>({
  name: "stable-adamw",
  options: {
    lr: lr(1e-3),
    betas: betas([0.9, 0.99] as const, "β₁, β₂: memory of the mean and of the mean square of the gradient"),
    eps: eps(1e-6),
    weightDecay: weightDecay(0.01, "λ: takes η·λθ off the weights, with the shortened η"),
    clipThreshold: number(1, "root mean square of g/√v beyond which a tensor's rate is shortened", {
      above: 0,
    }),
  },
  paper: {
    cite: "Wortsman et al. 2023, algorithm 2",
    url: "https://arxiv.org/abs/2304.13013",
    equation:
      "m̂, v̂ as in Adam;  r = √mean(g²/max(v̂, ε²)) per tensor;  η' = η/max(1, r);  θ −= η' (m̂/(√v̂ + ε) + λθ)",
  },
  elsewhere: { hf: "stable_adamw" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "AdamW that survives spikes of the loss without gradient clipping: Adafactor's update clipping",
  make: ({ betas: [b1, b2], eps: e, weightDecay: decay, clipThreshold }) =>
    chain(
      perTensor({
        name: "stable-adamw",
        slots: { m: zerosLike, v: zerosLike },
        update: (hyper) => {
          const h1 = correctedBeta(momentumOr(hyper.momentum, b1), hyper.step);
          const h2 = correctedBeta(b2, hyper.step);
          const lambda = decayNow(decay, hyper);
          return (g, slots, p) => {
            const m = ema(slots.m, g, h1);
            const v = ema(slots.v, square(g), h2);
            const rms = sqrt(mean(div(square(g), max(v, e ** 2))));
            const step = div(m, add(sqrt(v), e));
            const decayed = decay > 0 ? add(step, mul(lambda, p)) : step;
            return [div(decayed, max(div(rms, clipThreshold), 1)), { m, v }];
          };
        },
      }),
      scaleByLr(),
    ),
});
