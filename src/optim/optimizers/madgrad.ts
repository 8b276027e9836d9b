import { add, div, mul, pow, sqrt, square, sub, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, eps, lr, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { addDecayedWeights } from "../transforms/decay.ts";

export interface MadgradOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly eps: number;
}

export const madgrad: Optimizer<MadgradOptions> = defineOptimizer<MadgradOptions>({
  name: "madgrad",
  options: {
    lr: lr(1e-2),
    momentum: beta(0.9, "1 − c: share of the last weights kept"),
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient; smaller than for SGD, often 0"),
    eps: eps(1e-6, "added to the cube root and, as the authors' code does, to the learning rate"),
  },
  paper: {
    cite: "Defazio & Jelassi 2022, algorithm 1",
    url: "https://arxiv.org/abs/2101.11075",
    equation: "λₜ = η√t;  s += λₜg;  v += λₜg²;  z = θ₀ − s/(v^⅓ + ε);  θ = (1−c)θ + cz",
  },
  elsewhere: { optax: "contrib.madgrad" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "dual averaging that generalises like SGD on images and trains like Adam on sparse data",
  unmodified: "its weights follow from sums, not from steps",
  make: ({ momentum: kept, weightDecay: decay, eps: e }) =>
    chain(
      decay > 0 && addDecayedWeights(decay),
      perTensor({
        name: "madgrad",
        slots: { s: zerosLike, v: zerosLike, x0: (p) => p },
        update: ({ lr: rate, step }) => {
          const lambda = mul(add(rate, e), sqrt(step));
          return (g, slots, p) => {
            const s = add(slots.s, mul(lambda, g));
            const v = add(slots.v, mul(lambda, square(g)));
            const z = sub(slots.x0, div(s, add(pow(v, 1 / 3), e)));
            return [mul(1 - kept, sub(z, p)), { s, v, x0: slots.x0 }];
          };
        },
      }),
    ),
});
