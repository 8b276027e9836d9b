import { eq, mul, select, sub, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { lr, number } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface OptimisticGdOptions {
  readonly lr: number;
  readonly alpha: number;
  readonly beta: number;
}

export const optimisticGd: Optimizer<OptimisticGdOptions> = defineOptimizer<OptimisticGdOptions>({
  name: "optimistic-gd",
  options: {
    lr: lr(1e-2),
    alpha: number(1, "α: weight of the gradient", { min: 0 }),
    beta: number(1, "β: weight of its change since the last step", { min: 0 }),
  },
  paper: {
    cite: "Mokhtari, Ozdaglar & Pattathil 2019",
    url: "https://arxiv.org/abs/1901.08511",
    equation: "θ −= η ((α+β)g − β gₜ₋₁), g₀ = g₁",
  },
  elsewhere: { optax: "optimistic_gradient_descent" },
  kind: "gradient",
  batchRule: "linear",
  corrected: null,
  torch: null,
  purpose: "games and min-max problems, where plain gradient descent circles",
  stabilityLimit: {
    rule: "2/((α+2β)L)",
    limit: ({ alpha, beta }, sharpness) => 2 / ((alpha + 2 * beta) * sharpness),
  },
  make: ({ alpha, beta }) =>
    chain(
      perTensor({
        name: "optimistic",
        slots: { prev: zerosLike },
        update: ({ step }) => {
          const first = eq(step, 1);
          return (g, { prev }) => {
            const before = select(first, g, prev);
            return [sub(mul(alpha + beta, g), mul(beta, before)), { prev: g }];
          };
        },
      }),
      scaleByLr(),
    ),
});
