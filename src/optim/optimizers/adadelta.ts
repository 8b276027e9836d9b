import { add, div, mul, sqrt, square, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, eps, lr, maximize, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { ema } from "../tensors.ts";
import { inTorch } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { ascend, scaleByLr } from "../transforms/scale.ts";

export interface AdadeltaOptions {
  readonly lr: number;
  readonly rho: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly maximize: boolean;
}

export const adadelta: Optimizer<AdadeltaOptions> = defineOptimizer<AdadeltaOptions>({
  name: "adadelta",
  options: {
    lr: lr(1, "factor on the step; 1 is the paper's method"),
    rho: beta(0.9, "ρ: memory of both averages"),
    eps: eps(1e-6, "starts the steps: the first is about √ε"),
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient"),
    maximize,
  },
  paper: {
    cite: "Zeiler 2012, algorithm 1",
    url: "https://arxiv.org/abs/1212.5701",
    equation: "s = ρs + (1−ρ)g²;  Δ = √(a+ε)/√(s+ε) · g;  a = ρa + (1−ρ)Δ²;  θ −= ηΔ",
  },
  elsewhere: { pytorch: "Adadelta", optax: "adadelta", keras: "Adadelta" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: (o) =>
    o.maximize
      ? null
      : inTorch(
          "Adadelta",
          { weight_decay: o.weightDecay, rho: o.rho, eps: o.eps },
          { square_avg: "adadelta.s", acc_delta: "adadelta.a" },
        ),
  purpose: "steps in the parameter's own unit, without choosing a learning rate; slow to start",
  make: ({ rho, eps: e, weightDecay: decay, maximize: climb }) =>
    chain(
      climb && ascend(),
      decay > 0 && addDecayedWeights(decay),
      perTensor({
        name: "adadelta",
        slots: { s: zerosLike, a: zerosLike },
        update: () => (g, slots) => {
          const s = ema(slots.s, square(g), rho);
          const delta = mul(div(sqrt(add(slots.a, e)), sqrt(add(s, e))), g);
          return [delta, { s, a: ema(slots.a, square(delta), rho) }];
        },
      }),
      scaleByLr(),
    ),
});
