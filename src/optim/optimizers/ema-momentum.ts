import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, flag, lr } from "../options.ts";
import { averagedLimit } from "../stability.ts";
import { inProject } from "../torch.ts";
import { emaMomentum as averaged } from "../transforms/ema-momentum.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface EmaMomentumOptions {
  readonly lr: number;
  readonly beta: number;
  readonly biasCorrection: boolean;
}

export const emaMomentum: Optimizer<EmaMomentumOptions> = defineOptimizer<EmaMomentumOptions>({
  name: "ema-momentum",
  options: {
    lr: lr(1e-2),
    beta: beta(0.9, "β: how much of the average is kept"),
    biasCorrection: flag("divide by 1 − βᵗ, so that the first steps are full steps"),
  },
  paper: {
    cite: "momentum as an average of gradients (the form of most lectures; Kingma & Ba 2015, m)",
    equation: "v = β v + (1−β) g, v₀ = 0;  θ −= η v",
  },
  elsewhere: { optax: "chain(ema(decay, debias), scale_by_learning_rate)" },
  kind: "momentum",
  batchRule: "linear",
  corrected: null,
  torch: (o) => inProject("EmaMomentum", o, { m: "ema.m" }, "beta"),
  purpose: "momentum whose learning rate means the same as without; equals sgd with momentum β at lr η(1−β)",
  stabilityLimit: {
    rule: "2(1+β)/((1−β)L)",
    limit: ({ beta }, sharpness) => averagedLimit(beta, sharpness),
    beside: [{ beta: 0.9 }],
  },
  make: ({ beta: b, biasCorrection }) => chain(averaged({ beta: b, corrected: biasCorrection }), scaleByLr()),
});
