import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { lr, number } from "../options.ts";
import { addNoise } from "../transforms/add-noise.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface NoisySgdOptions {
  readonly lr: number;
  readonly eta: number;
  readonly gamma: number;
}

export const noisySgd: Optimizer<NoisySgdOptions> = defineOptimizer<NoisySgdOptions>({
  name: "noisy-sgd",
  options: {
    lr: lr(1e-2),
    eta: number(0.01, "variance of the noise at the first step", { min: 0 }),
    gamma: number(0.55, "the variance falls as t^−γ", { min: 0 }),
  },
  paper: {
    cite: "Neelakantan et al. 2015",
    url: "https://arxiv.org/abs/1511.06807",
    equation: "θ −= η (g + ξ), ξ ~ N(0, eta/t^γ)",
  },
  elsewhere: { optax: "noisy_sgd" },
  kind: "gradient",
  batchRule: "linear",
  corrected: null,
  torch: null,
  purpose: "leaving saddles and poor minima of deep narrow models; noise fades as training goes on",
  stabilityLimit: { rule: "2/L", limit: (_, sharpness) => 2 / sharpness },
  needs: ["key"],
  make: ({ eta, gamma }) => chain(addNoise({ eta, gamma }), scaleByLr()),
});
