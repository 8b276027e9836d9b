import { add, div, max, mul, sqrt, square, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, lr } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { adamLimit } from "../stability.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface AmsgradOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
}

export const amsgrad: Optimizer<AmsgradOptions> = defineOptimizer<AmsgradOptions>({
  name: "amsgrad",
  options: {
    lr: lr(1e-3),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square"),
    eps: eps(1e-8),
  },
  paper: {
    cite: "Reddi, Kale & Kumar 2018, algorithm 2, with optax's correction before the maximum",
    url: "https://openreview.net/forum?id=ryQu7f-RZ",
    equation: "v̂ = max(v̂, v/(1−β₂ᵗ));  θ −= η m̂/(√v̂ + ε)",
  },
  elsewhere: { pytorch: "Adam(amsgrad=True), corrected after the maximum", optax: "amsgrad" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: null,
  purpose: "Adam with steps that never grow again; PyTorch's form is adam with amsgrad",
  // its v̂ is kept corrected
  stabilityLimit: {
    ...adamLimit,
    preconditioner: {
      slot: () => "vmax",
      of:
        ({ eps }) =>
        (v) =>
          Math.sqrt(v) + eps,
    },
  },
  make: ({ betas: [b1, b2], eps: e }) =>
    chain(
      perTensor({
        name: "amsgrad",
        slots: { m: zerosLike, v: zerosLike, vmax: zerosLike },
        update: ({ step, momentum }) => {
          const beta1 = momentumOr(momentum, b1);
          const scaleM = div(1, biasCorrection(beta1, step));
          const scaleV = div(1, biasCorrection(b2, step));
          return (g, slots) => {
            const m = ema(slots.m, g, beta1);
            const v = ema(slots.v, square(g), b2);
            const vmax = max(slots.vmax, mul(scaleV, v));
            return [mul(scaleM, div(m, add(sqrt(vmax), e))), { m, v, vmax }];
          };
        },
      }),
      scaleByLr(),
    ),
});
