import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import type { OptionSpecs } from "../options.ts";
import { betas, eps, flag, lr, maximize, weightDecay } from "../options.ts";
import { adamLimit } from "../stability.ts";
import { adamArguments, adamState, inTorch } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { ascend, scaleByLr } from "../transforms/scale.ts";
import { scaleByAdam, scaleByAmsgrad } from "../transforms/scale-by-adam.ts";

export interface AdamWOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly amsgrad: boolean;
  readonly maximize: boolean;
}

export interface AdamOptions extends AdamWOptions {
  readonly decoupledWeightDecay: boolean;
  readonly biasCorrection: boolean;
  readonly epsBeforeCorrection: boolean;
}

/** The options Adam and AdamW share. */
export const adamWOptions: OptionSpecs<AdamWOptions> = {
  lr: lr(1e-3),
  betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square of the gradient"),
  eps: eps(1e-8),
  weightDecay: weightDecay(0.01, "λ: takes η·λθ off the weights, apart from the gradient"),
  amsgrad: flag("use the largest v so far"),
  maximize,
};

const equation = "m = β₁m + (1−β₁)g;  v = β₂v + (1−β₂)g²;  θ −= η (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)";

/** With amsgrad the largest v divides the step. */
const slot = ({ amsgrad }: { readonly amsgrad: boolean }): string => (amsgrad ? "vmax" : "v");

export const adam: Optimizer<AdamOptions> = defineOptimizer<AdamOptions>({
  name: "adam",
  options: {
    ...adamWOptions,
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient (L2 penalty; it is rescaled with the gradient)"),
    decoupledWeightDecay: flag("decay the weights apart from the gradient: AdamW"),
    biasCorrection: flag("divide the moments by 1 − βᵗ", true),
    epsBeforeCorrection: flag(
      "add ε to √v before it is corrected, as the paper's remark and older libraries do",
    ),
  },
  paper: { cite: "Kingma & Ba 2015, algorithm 1", url: "https://arxiv.org/abs/1412.6980", equation },
  elsewhere: { pytorch: "Adam", optax: "adam", keras: "Adam" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: (o) =>
    o.biasCorrection && !o.epsBeforeCorrection
      ? inTorch(o.decoupledWeightDecay ? "AdamW" : "Adam", adamArguments(o), adamState(o), "betas")
      : null,
  purpose: "fast progress with little tuning; per-parameter steps for gradients of very different sizes",
  stabilityLimit: {
    ...adamLimit,
    preconditioner: {
      slot,
      of: ({ biasCorrection, epsBeforeCorrection: _, ...moments }, step) =>
        adamLimit.preconditioner!.of(moments, biasCorrection ? step : Number.POSITIVE_INFINITY),
    },
  },
  decoupled: (o) => o.decoupledWeightDecay,
  make: ({ weightDecay: decay, amsgrad, maximize: climb, decoupledWeightDecay, ...moments }) =>
    chain(
      climb && ascend(),
      decay > 0 && !decoupledWeightDecay && addDecayedWeights(decay),
      amsgrad ? scaleByAmsgrad(moments) : scaleByAdam(moments),
      decay > 0 && decoupledWeightDecay && addDecayedWeights(decay),
      scaleByLr(),
    ),
});

export const adamw: Optimizer<AdamWOptions> = defineOptimizer<AdamWOptions>({
  name: "adamw",
  options: adamWOptions,
  paper: {
    cite: "Loshchilov & Hutter 2019, algorithm 2",
    url: "https://arxiv.org/abs/1711.05101",
    equation: `θ ← (1−ηλ)θ, then ${equation}`,
  },
  elsewhere: { pytorch: "AdamW", optax: "adamw", keras: "AdamW", hf: "adamw_torch" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: (o) => inTorch("AdamW", adamArguments(o), adamState(o), "betas"),
  purpose: "the default for transformers and fine-tuning: decay does not depend on the gradient's size",
  stabilityLimit: { ...adamLimit, preconditioner: { ...adamLimit.preconditioner!, slot } },
  decoupled: () => true,
  make: (options) => adam({ ...options, decoupledWeightDecay: true }),
});
