import { clamp, div, eq, floor, max, mul, select, sub, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { exactDiagonal, hutchinsonDiagonal } from "../hessian-diagonal.ts";
import { betas, choice, eps, lr, number, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { ema } from "../tensors.ts";
import type { Tensors, Transform } from "../transform.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface SophiaHOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly gamma: number;
  readonly rho: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly k: number;
  readonly estimator: "hutchinson" | "exact";
}

const scaleBySophia = ({ betas: [b1, b2], gamma, rho, eps: e, k, estimator }: SophiaHOptions): Transform => {
  const moments = perTensor({
    name: "sophia",
    slots: { m: zerosLike, h: zerosLike },
    update:
      () =>
      (g, { m, h }) => {
        const next = ema(m, g, b1);
        return [clamp(div(next, max(mul(gamma, h), e)), -rho, rho), { m: next, h }];
      },
  });
  return {
    name: "sophia",
    init: moments.init,
    update: (grads, state, params, hyper) => {
      const done = sub(hyper.step, 1);
      const due = eq(sub(done, mul(k, floor(div(done, k)))), 0);
      const found = (estimator === "exact" ? exactDiagonal : hutchinsonDiagonal)(params, hyper);
      const h = Object.fromEntries(
        Object.entries(state["h"] as Tensors).map(([name, last]) => [
          name,
          select(due, ema(last, found[name]!, b2), last),
        ]),
      );
      return moments.update(grads, { ...state, h }, params, hyper);
    },
  };
};

export const sophiaH: Optimizer<SophiaHOptions> = defineOptimizer<SophiaHOptions>({
  name: "sophia-h",
  options: {
    lr: lr(1e-3, "learning rate: about that of Lion, below AdamW's"),
    betas: betas([0.96, 0.99] as const, "β₁ of the gradient, β₂ of the curvature"),
    gamma: number(0.05, "γ: factor on the curvature; tune until 10–50% of entries are not clipped", {
      above: 0,
    }),
    rho: number(1, "ρ: no entry of the step is longer", { above: 0 }),
    eps: eps(1e-12, "least denominator"),
    weightDecay: weightDecay(0.1, "λ: takes η·λθ off the weights"),
    k: number(10, "steps between refreshes of the curvature", { min: 1, integer: true }),
    estimator: choice(
      ["hutchinson", "exact"],
      "hutchinson",
      "of the Hessian's diagonal: one random product, or one product per weight (tiny models)",
    ),
  },
  paper: {
    cite: "Liu et al. 2023, algorithm 3",
    url: "https://arxiv.org/abs/2305.14342",
    equation:
      "m = β₁m + (1−β₁)g;  every k steps h = β₂h + (1−β₂) diag H;  θ −= η (clip(m/max(γh, ε), ρ) + λθ)",
  },
  elsewhere: { optax: "contrib.sophia" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose:
    "language models: steps by curvature, clipped where it is small or negative. The program holds the Hessian product at every step, also where k leaves it unused",
  needs: ["evaluate", "key"],
  decoupled: () => true,
  make: (options) =>
    chain(
      scaleBySophia(options),
      options.weightDecay > 0 && addDecayedWeights(options.weightDecay),
      scaleByLr(),
    ),
});
