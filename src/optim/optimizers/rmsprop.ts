import { add, div, type Expr, max, sqrt, square, sub, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, eps, flag, lr, maximize, number, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { ema } from "../tensors.ts";
import { inTorch } from "../torch.ts";
import type { Transform } from "../transform.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { ascend, scaleByLr } from "../transforms/scale.ts";
import { trace } from "../transforms/trace.ts";

export interface RmspropOptions {
  readonly lr: number;
  readonly alpha: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly momentum: number;
  readonly centered: boolean;
  readonly maximize: boolean;
}

const over = (g: Expr, variance: Expr, e: number): Expr => div(g, add(sqrt(variance), e));

/** g/(√v + ε); v the average of g², or with `centered` the variance of g. */
const scaleByRms = (alpha: number, e: number, centered: boolean): Transform =>
  centered
    ? perTensor({
        name: "rms",
        slots: { v: zerosLike, mean: zerosLike },
        update: () => (g, slots) => {
          const v = ema(slots.v, square(g), alpha);
          const mean = ema(slots.mean, g, alpha);
          // rounding can take a vanishing variance below zero
          return [over(g, max(sub(v, square(mean)), 0), e), { v, mean }];
        },
      })
    : perTensor({
        name: "rms",
        slots: { v: zerosLike },
        update: () => (g, slots) => {
          const v = ema(slots.v, square(g), alpha);
          return [over(g, v, e), { v }];
        },
      });

export const rmsprop: Optimizer<RmspropOptions> = defineOptimizer<RmspropOptions>({
  name: "rmsprop",
  options: {
    lr: lr(1e-2),
    alpha: beta(0.99, "α: memory of the mean square"),
    eps: eps(1e-8, "added to the root (TensorFlow adds it inside)"),
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient"),
    momentum: number(0, "μ: momentum on the scaled gradient", { min: 0 }),
    centered: flag("divide by the standard deviation instead of the root mean square"),
    maximize,
  },
  paper: {
    cite: "Tieleman & Hinton 2012 (lecture 6.5); centered: Graves 2013",
    url: "https://arxiv.org/abs/1308.0850",
    equation: "v = αv + (1−α)g²;  u = g/(√v + ε)  (centered: √(v − mean²));  buf = μ buf + u;  θ −= η buf",
  },
  elsewhere: { pytorch: "RMSprop", optax: "rmsprop", keras: "RMSprop", hf: "rmsprop" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: (o) =>
    o.maximize
      ? null
      : inTorch(
          "RMSprop",
          {
            weight_decay: o.weightDecay,
            alpha: o.alpha,
            eps: o.eps,
            momentum: o.momentum,
            centered: o.centered,
          },
          {
            square_avg: "rms.v",
            ...(o.centered && { grad_avg: "rms.mean" }),
            ...(o.momentum > 0 && { momentum_buffer: "momentum.buf" }),
          },
          o.momentum === 0 ? null : "momentum",
        ),
  purpose: "recurrent networks and reinforcement learning: per-parameter steps without bias correction",
  stabilityLimit: {
    rule: "2(1+μ)/λmax(P⁻¹H), P = diag(√v+ε); with weight decay of P⁻¹(H+λI)",
    limit: ({ momentum }, sharpness) => (2 * (1 + momentum)) / sharpness,
    // centered: the root of the variance is at most that of v, so the limit may be lower than this
    preconditioner: {
      slot: () => "v",
      of:
        ({ eps: e }) =>
        (v) =>
          Math.sqrt(v) + e,
    },
  },
  make: ({ alpha, eps: e, weightDecay: decay, momentum, centered, maximize: climb }) =>
    chain(
      climb && ascend(),
      decay > 0 && addDecayedWeights(decay),
      scaleByRms(alpha, e, centered),
      momentum > 0 && trace({ momentum }),
      scaleByLr(),
    ),
});
