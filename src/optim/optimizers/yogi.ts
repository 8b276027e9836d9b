import { add, div, fullLike, mul, rsqrt, sign, sqrt, square, sub } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, lr, number } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { adamLimit } from "../stability.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import { inProject } from "../torch.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface YogiOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly initialAccumulatorValue: number;
}

export const yogi: Optimizer<YogiOptions> = defineOptimizer<YogiOptions>({
  name: "yogi",
  options: {
    lr: lr(1e-2),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square"),
    eps: eps(1e-3),
    initialAccumulatorValue: number(1e-6, "start of both moments", { min: 0 }),
  },
  paper: {
    cite: "Zaheer et al. 2018, algorithm 2, with optax's bias correction",
    url: "https://papers.nips.cc/paper/8186-adaptive-methods-for-nonconvex-optimization",
    equation: "v = v − (1−β₂) sign(v − g²) g²;  θ −= η m̂/(√v̂ + ε)",
  },
  elsewhere: { optax: "yogi" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: (o) => inProject("Yogi", o, { m: "yogi.m", v: "yogi.v" }, "betas"),
  purpose: "Adam whose effective rate cannot jump up when gradients become small",
  stabilityLimit: adamLimit,
  make: ({ betas: [b1, b2], eps: e, initialAccumulatorValue }) =>
    chain(
      perTensor({
        name: "yogi",
        slots: {
          m: (p) => fullLike(p, initialAccumulatorValue),
          v: (p) => fullLike(p, initialAccumulatorValue),
        },
        update: ({ step, momentum }) => {
          const beta1 = momentumOr(momentum, b1);
          const scaleM = div(1, biasCorrection(beta1, step));
          const scaleRootV = rsqrt(biasCorrection(b2, step));
          return (g, slots) => {
            const g2 = square(g);
            const m = ema(slots.m, g, beta1);
            const v = sub(slots.v, mul(mul(1 - b2, sign(sub(slots.v, g2))), g2));
            return [mul(scaleM, div(m, add(mul(scaleRootV, sqrt(v)), e))), { m, v }];
          };
        },
      }),
      scaleByLr(),
    ),
});
