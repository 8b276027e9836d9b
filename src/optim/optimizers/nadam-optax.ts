import { add, div, mul, rsqrt, sqrt, square, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, lr, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { biasCorrection, ema } from "../tensors.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface NadamOptaxOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

export const nadamOptax: Optimizer<NadamOptaxOptions> = defineOptimizer<NadamOptaxOptions>({
  name: "nadam-optax",
  options: {
    lr: lr(1e-3),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square"),
    eps: eps(1e-8),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights (nadamw)"),
  },
  paper: {
    cite: "Dozat 2016 with constant momentum, the form of optax (adam with nesterov=True)",
    url: "https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ",
    equation: "m̂ = β₁m/(1−β₁ᵗ⁺¹) + (1−β₁)g/(1−β₁ᵗ);  θ −= η (m̂/(√(v/(1−β₂ᵗ)) + ε) + λθ)",
  },
  elsewhere: { optax: "nadam, nadamw" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "runs that came from optax: its NAdam has other numbers than PyTorch's",
  decoupled: () => true,
  make: ({ betas: [b1, b2], eps: e, weightDecay: decay }) =>
    chain(
      perTensor({
        name: "nadam",
        slots: { m: zerosLike, v: zerosLike },
        update: ({ step }) => {
          const scaleM = div(b1, biasCorrection(b1, add(step, 1)));
          const scaleG = div(1 - b1, biasCorrection(b1, step));
          const scaleRootV = rsqrt(biasCorrection(b2, step));
          return (g, slots) => {
            const m = ema(slots.m, g, b1);
            const v = ema(slots.v, square(g), b2);
            const mHat = add(mul(scaleM, m), mul(scaleG, g));
            return [div(mHat, add(mul(scaleRootV, sqrt(v)), e)), { m, v }];
          };
        },
      }),
      decay > 0 && addDecayedWeights(decay),
      scaleByLr(),
    ),
});
