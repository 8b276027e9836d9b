import { add, div, fullLike, mul, sqrt, square, sub } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { eps, lr, maximize, number, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { inTorch } from "../torch.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { ascend, scaleByLr } from "../transforms/scale.ts";

export interface AdagradOptions {
  readonly lr: number;
  readonly lrDecay: number;
  readonly weightDecay: number;
  readonly initialAccumulatorValue: number;
  readonly eps: number;
  readonly maximize: boolean;
}

export const adagrad: Optimizer<AdagradOptions> = defineOptimizer<AdagradOptions>({
  name: "adagrad",
  options: {
    lr: lr(1e-2),
    lrDecay: number(0, "the learning rate is divided by 1 + (t−1)·lrDecay", { min: 0 }),
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient"),
    initialAccumulatorValue: number(0, "start of the sum of squares (optax and Keras: 0.1)", { min: 0 }),
    eps: eps(1e-10),
    maximize,
  },
  paper: {
    cite: "Duchi, Hazan & Singer 2011",
    url: "https://jmlr.org/papers/v12/duchi11a.html",
    equation: "s = s + g²;  θ −= η/(1+(t−1)·lrDecay) · g/(√s + ε)",
  },
  elsewhere: { pytorch: "Adagrad", optax: "adagrad", keras: "Adagrad", hf: "adagrad" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: (o) =>
    o.maximize
      ? null
      : inTorch(
          "Adagrad",
          {
            weight_decay: o.weightDecay,
            lr_decay: o.lrDecay,
            initial_accumulator_value: o.initialAccumulatorValue,
            eps: o.eps,
          },
          { sum: "adagrad.sum" },
        ),
  purpose: "sparse features: rare ones keep large steps; steps only ever shrink",
  stabilityLimit: {
    rule: "2/λmax(P⁻¹H), P = diag(√s+ε)·(1+(t−1)·lrDecay), which only grows",
    limit: (_, sharpness) => 2 / sharpness,
    preconditioner: {
      slot: () => "sum",
      of: ({ eps: e, lrDecay }, step) => {
        const slower = 1 + Math.max(0, step - 1) * lrDecay;
        return (s) => (Math.sqrt(s) + e) * slower;
      },
    },
  },
  make: ({ lrDecay, weightDecay: decay, initialAccumulatorValue, eps: e, maximize: climb }) =>
    chain(
      climb && ascend(),
      decay > 0 && addDecayedWeights(decay),
      perTensor({
        name: "adagrad",
        slots: { sum: (p) => fullLike(p, initialAccumulatorValue) },
        update: ({ step }) => {
          const slower = div(1, add(1, mul(sub(step, 1), lrDecay)));
          return (g, slots) => {
            const sum = add(slots.sum, square(g));
            const u = div(g, add(sqrt(sum), e));
            return [lrDecay === 0 ? u : mul(slower, u), { sum }];
          };
        },
      }),
      scaleByLr(),
    ),
});
