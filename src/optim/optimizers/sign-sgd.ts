import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, lr, weightDecay } from "../options.ts";
import { inProject } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { emaMomentum } from "../transforms/ema-momentum.ts";
import { scaleByLr, scaleBySign } from "../transforms/scale.ts";

const paper = { cite: "Bernstein et al. 2018", url: "https://arxiv.org/abs/1802.04434" };

export interface SignSgdOptions {
  readonly lr: number;
}

export const signSgd: Optimizer<SignSgdOptions> = defineOptimizer<SignSgdOptions>({
  name: "sign-sgd",
  options: { lr: lr(1e-3, "how far every weight moves") },
  paper: { ...paper, equation: "θ −= η sign(g)" },
  elsewhere: { optax: "sign_sgd" },
  kind: "sign",
  batchRule: "square-root",
  corrected: null,
  torch: (o) => inProject("SignSgd", o, {}),
  purpose: "one bit per weight between machines; robust to outliers in the gradient",
  make: () => chain(scaleBySign(), scaleByLr()),
});

export interface SignumOptions {
  readonly lr: number;
  readonly beta: number;
  readonly weightDecay: number;
}

export const signum: Optimizer<SignumOptions> = defineOptimizer<SignumOptions>({
  name: "signum",
  options: {
    lr: lr(1e-3, "how far every weight moves"),
    beta: beta(0.9, "β: memory of the averaged gradient"),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights"),
  },
  paper: { ...paper, equation: "m = βm + (1−β)g;  θ −= η (sign(m) + λθ)" },
  elsewhere: { optax: "signum" },
  kind: "sign",
  batchRule: "square-root",
  corrected: null,
  torch: (o) => inProject("Signum", o, { m: "ema.m" }, "beta"),
  purpose: "sign SGD with momentum: the signs agree from step to step",
  make: ({ beta: b, weightDecay: decay }) =>
    chain(emaMomentum({ beta: b }), scaleBySign(), decay > 0 && addDecayedWeights(decay), scaleByLr()),
});
