import { sign, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, lr, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { ema, momentumOr } from "../tensors.ts";
import { inProject } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface LionOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly weightDecay: number;
}

export const lion: Optimizer<LionOptions> = defineOptimizer<LionOptions>({
  name: "lion",
  options: {
    lr: lr(1e-4, "learning rate: about a tenth of AdamW's"),
    betas: betas([0.9, 0.99] as const, "β₁ of the step, β₂ of the memory"),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights; about ten times AdamW's"),
  },
  paper: {
    cite: "Chen et al. 2023, program 1",
    url: "https://arxiv.org/abs/2302.06675",
    equation: "θ −= η (sign(β₁m + (1−β₁)g) + λθ);  m = β₂m + (1−β₂)g",
  },
  elsewhere: { optax: "lion", keras: "Lion", hf: "lion_32bit" },
  kind: "sign",
  batchRule: "square-root",
  corrected: null,
  torch: (o) => inProject("Lion", o, { m: "lion.m" }, "betas"),
  purpose: "large batches with half of Adam's state: every weight moves by exactly η",
  decoupled: () => true,
  make: ({ betas: [b1, b2], weightDecay: decay }) =>
    chain(
      perTensor({
        name: "lion",
        slots: { m: zerosLike },
        update:
          ({ momentum }) =>
          (g, { m }) => [sign(ema(m, g, momentumOr(momentum, b1))), { m: ema(m, g, b2) }],
      }),
      decay > 0 && addDecayedWeights(decay),
      scaleByLr(),
    ),
});
