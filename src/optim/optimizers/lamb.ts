import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, flag, lr, maybeNumber, number, weightDecay } from "../options.ts";
import { inProject } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { scaleByAdam } from "../transforms/scale-by-adam.ts";
import { scaleByTrustRatio } from "../transforms/trust-ratio.ts";

export interface LambOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly biasCorrection: boolean;
  readonly phiMin: number;
  readonly phiMax: number | null;
  readonly trustClip: boolean;
}

export const lamb: Optimizer<LambOptions> = defineOptimizer<LambOptions>({
  name: "lamb",
  options: {
    lr: lr(1e-3),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square"),
    eps: eps(1e-6),
    weightDecay: weightDecay(0, "λ: decay, inside the trust ratio"),
    biasCorrection: flag("divide the moments by 1 − βᵗ", true),
    phiMin: number(0, "least ‖θ‖ in the trust ratio", { min: 0 }),
    phiMax: maybeNumber("largest ‖θ‖ in the trust ratio", { min: 0 }),
    trustClip: flag("limit the trust ratio to 1"),
  },
  paper: {
    cite: "You et al. 2020, algorithm 2",
    url: "https://arxiv.org/abs/1904.00962",
    equation: "u = m̂/(√v̂ + ε) + λθ;  θ −= η · φ(‖θ‖)/‖u‖ · u for each tensor",
  },
  elsewhere: { optax: "lamb", keras: "Lamb" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: (o) => inProject("Lamb", o, { m: "adam.m", v: "adam.v" }, "betas"),
  purpose: "very large batches (the paper: BERT at 32k): each tensor moves by a share of its own norm",
  make: ({ betas: b, eps: e, weightDecay: decay, biasCorrection, phiMin, phiMax, trustClip }) =>
    chain(
      scaleByAdam({ betas: b, eps: e, biasCorrection }),
      decay > 0 && addDecayedWeights(decay),
      scaleByTrustRatio({ phiMin, phiMax, clip: trustClip }),
      scaleByLr(),
    ),
});
