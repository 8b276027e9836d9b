import { SteepestError } from "../../run/errors.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { flag, lr, maximize, number, weightDecay } from "../options.ts";
import { inTorch } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { ascend, scaleByLr } from "../transforms/scale.ts";
import { trace } from "../transforms/trace.ts";

export interface SgdOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly decoupledWeightDecay: boolean;
  readonly maximize: boolean;
}

export const sgd: Optimizer<SgdOptions> = defineOptimizer<SgdOptions>({
  name: "sgd",
  options: {
    lr: lr(1e-3),
    momentum: number(0, "μ: share of the last step kept; 0 is plain gradient descent", { min: 0 }),
    dampening: number(0, "τ: the gradient enters the buffer times 1 − τ", {}),
    nesterov: flag("look ahead along the buffer"),
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient (L2 penalty)"),
    decoupledWeightDecay: flag("take η·λθ off the weights instead, past the momentum (SGDW)"),
    maximize,
  },
  paper: {
    cite: "Robbins & Monro 1951; momentum: Polyak 1964; Nesterov form: Sutskever et al. 2013",
    url: "https://proceedings.mlr.press/v28/sutskever13.html",
    equation: "buf = μ buf + (1−τ) g;  θ −= η buf   (nesterov: θ −= η (g + μ buf))",
  },
  elsewhere: { pytorch: "SGD", optax: "sgd", keras: "SGD", hf: "sgd" },
  kind: "gradient",
  batchRule: "linear",
  corrected: null,
  torch: (o) =>
    o.decoupledWeightDecay
      ? null
      : inTorch(
          "SGD",
          {
            momentum: o.momentum,
            dampening: o.dampening,
            nesterov: o.nesterov,
            weight_decay: o.weightDecay,
            maximize: o.maximize,
          },
          o.momentum > 0 ? { momentum_buffer: "momentum.buf" } : {},
          // a momentum that is off stays off
          o.momentum > 0 ? "momentum" : null,
        ),
  purpose: "vision models trained long with a schedule: the best final accuracy when well tuned",
  stabilityLimit: {
    rule: "2(1+μ)/(1−τ)/(L+λ), with nesterov (2+2μ)/(1+2μ)/(L+λ)",
    limit: ({ momentum, dampening, nesterov, weightDecay: decay }, sharpness) =>
      nesterov
        ? (2 + 2 * momentum) / (1 + 2 * momentum) / (sharpness + decay)
        : (2 * (1 + momentum)) / (momentum === 0 ? 1 : 1 - dampening) / (sharpness + decay),
    beside: [{}, { momentum: 0.9 }, { momentum: 0.9, nesterov: true }],
  },
  decoupled: (o) => o.decoupledWeightDecay,
  make: ({ momentum, dampening, nesterov, weightDecay: decay, decoupledWeightDecay, maximize: climb }) => {
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new SteepestError(
        "option",
        `sgd: nesterov with momentum ${momentum} and dampening ${dampening}`,
        {
          help: "nesterov needs momentum > 0 and dampening 0",
        },
      );
    }
    return chain(
      climb && ascend(),
      decay > 0 && !decoupledWeightDecay && addDecayedWeights(decay),
      momentum > 0 && trace({ momentum, dampening, nesterov }),
      decay > 0 && decoupledWeightDecay && addDecayedWeights(decay),
      scaleByLr(),
    );
  },
});
