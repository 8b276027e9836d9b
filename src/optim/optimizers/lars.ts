import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { eps, flag, lr, number, weightDecay } from "../options.ts";
import { inProject } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { trace } from "../transforms/trace.ts";
import { scaleByTrustRatio } from "../transforms/trust-ratio.ts";

export interface LarsOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly trust: number;
  readonly eps: number;
  readonly nesterov: boolean;
}

export const lars: Optimizer<LarsOptions> = defineOptimizer<LarsOptions>({
  name: "lars",
  options: {
    lr: lr(1),
    momentum: number(0.9, "μ: momentum of the scaled steps", { min: 0 }),
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient, inside the trust ratio"),
    trust: number(1e-3, "share of ‖θ‖ that a step may be", { above: 0 }),
    eps: eps(0, "added to ‖u‖"),
    nesterov: flag("look ahead along the buffer"),
  },
  paper: {
    cite: "You, Gitman & Ginsburg 2017, algorithm 1, in optax's order",
    url: "https://arxiv.org/abs/1708.03888",
    equation: "u = g + λθ;  r = trust·‖θ‖/(‖u‖ + ε) for each tensor;  buf = μ buf + η r u;  θ −= buf",
  },
  elsewhere: { optax: "lars" },
  kind: "momentum",
  batchRule: "linear",
  corrected: null,
  torch: (o) =>
    inProject(
      "Lars",
      o,
      o.momentum > 0 ? { buf: "momentum.buf" } : {},
      // a momentum that is off stays off
      o.momentum > 0 ? "momentum" : null,
    ),
  purpose: "image models on very large batches",
  make: ({ momentum, weightDecay: decay, trust, eps: e, nesterov }) =>
    chain(
      decay > 0 && addDecayedWeights(decay),
      scaleByTrustRatio({ coefficient: trust, eps: e }),
      scaleByLr(),
      momentum > 0 && trace({ momentum, nesterov }),
    ),
});
