import {
  div,
  eq,
  max,
  min,
  neg,
  pow,
  select,
  sqrt,
  square,
  sub,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, flag, lr, number, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { adamLimit } from "../stability.ts";
import { ema, momentumOr } from "../tensors.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface AdoptOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly clip: boolean;
  readonly clipExponent: number;
}

export const adopt: Optimizer<AdoptOptions> = defineOptimizer<AdoptOptions>({
  name: "adopt",
  options: {
    lr: lr(1e-3),
    betas: betas([0.9, 0.9999] as const, "β₁, β₂: memory of the scaled gradient and of the mean square"),
    eps: eps(1e-6, "least √v a gradient is divided by"),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights"),
    clip: flag("limit the scaled gradient to ±(t−1)^clipExponent", true),
    clipExponent: number(0.25, "of that limit (paper and optax 1/4, timm 1/3)", { min: 0 }),
  },
  paper: {
    cite: "Taniguchi et al. 2024, algorithm 2",
    url: "https://arxiv.org/abs/2411.02853",
    equation: "t=1: v = g²;  t>1: m = β₁m + (1−β₁) clip(g/max(√v, ε));  θ −= ηm;  v = β₂v + (1−β₂)g²",
  },
  elsewhere: { optax: "contrib.adopt" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "Adam that converges for any β₂: v of the steps before scales the gradient of this one",
  stabilityLimit: {
    rule: "2(1+β₁)/((1−β₁)·λmax(P⁻¹H)), P = diag(max(√v, ε)), while nothing is clipped",
    limit: adamLimit.limit,
    preconditioner: {
      slot: () => "v",
      of:
        ({ eps }) =>
        (v) =>
          Math.max(Math.sqrt(v), eps),
    },
  },
  decoupled: () => true,
  make: ({ betas: [b1, b2], eps: e, weightDecay: decay, clip, clipExponent }) =>
    chain(
      perTensor({
        name: "adopt",
        slots: { m: zerosLike, v: zerosLike },
        update: ({ step, momentum }) => {
          const first = eq(step, 1);
          const limit = pow(sub(step, 1), clipExponent);
          return (g, slots) => {
            const scaled = div(g, max(sqrt(slots.v), e));
            const limited = clip ? min(max(scaled, neg(limit)), limit) : scaled;
            const m = select(first, slots.m, ema(slots.m, limited, momentumOr(momentum, b1)));
            const v = select(first, square(g), ema(slots.v, square(g), b2));
            return [m, { m, v }];
          };
        },
      }),
      decay > 0 && addDecayedWeights(decay),
      scaleByLr(),
    ),
});
