import type { Expr } from "../../engine/graph/index.ts";
import { add, div, mul, pow, rsqrt, sqrt, square, sub, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, flag, lr, maximize, number, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { nadamLimit } from "../stability.ts";
import { biasCorrection, ema } from "../tensors.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { ascend, scaleByLr } from "../transforms/scale.ts";

export interface NadamOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly momentumDecay: number;
  readonly decoupledWeightDecay: boolean;
  readonly maximize: boolean;
}

export const nadam: Optimizer<NadamOptions> = defineOptimizer<NadamOptions>({
  name: "nadam",
  options: {
    lr: lr(2e-3),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square"),
    eps: eps(1e-8),
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient"),
    momentumDecay: number(4e-3, "ψ: how slowly the momentum rises to β₁", { min: 0 }),
    decoupledWeightDecay: flag("take η·λθ off the weights instead"),
    maximize,
  },
  paper: {
    cite: "Dozat 2016, algorithm 8, as PyTorch 2 has it (PyTorch 1.13 multiplied μₜ in twice)",
    url: "https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ",
    equation: "μₜ = β₁(1 − ½·0.96^(tψ));  θ −= η [(1−μₜ)g/(1−Πμ) + μₜ₊₁m/(1−μₜ₊₁Πμ)] / (√(v/(1−β₂ᵗ)) + ε)",
  },
  elsewhere: { pytorch: "NAdam", keras: "Nadam" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { v: 1 },
  torch: null,
  purpose: "Adam with Nesterov's look ahead: a little faster where Adam is good",
  stabilityLimit: nadamLimit,
  decoupled: (o) => o.decoupledWeightDecay,
  make: ({
    betas: [b1, b2],
    eps: e,
    weightDecay: decay,
    momentumDecay: psi,
    decoupledWeightDecay: decoupled,
    maximize: climb,
  }) => {
    const mu = (t: Expr): Expr => mul(b1, sub(1, mul(0.5, pow(0.96, mul(t, psi)))));
    return chain(
      climb && ascend(),
      decay > 0 && !decoupled && addDecayedWeights(decay),
      perTensor({
        name: "nadam",
        slots: { m: zerosLike, v: zerosLike },
        scalars: { muProduct: { start: 1, next: ({ step }, { muProduct }) => mul(muProduct, mu(step)) } },
        update: ({ step }, { muProduct }) => {
          const [now, next] = [mu(step), mu(add(step, 1))];
          const scaleG = div(sub(1, now), sub(1, muProduct));
          const scaleM = div(next, sub(1, mul(muProduct, next)));
          const scaleRootV = rsqrt(biasCorrection(b2, step));
          return (g, slots) => {
            const m = ema(slots.m, g, b1);
            const v = ema(slots.v, square(g), b2);
            const mHat = add(mul(scaleG, g), mul(scaleM, m));
            return [div(mHat, add(mul(scaleRootV, sqrt(v)), e)), { m, v }];
          };
        },
      }),
      decay > 0 && decoupled && addDecayedWeights(decay),
      scaleByLr(),
    );
  },
});
