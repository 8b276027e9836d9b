import { clamp, eq, gt, lt, mul, neg, onesLike, select, sign, zerosLike } from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { lr, maximize } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { inTorch } from "../torch.ts";
import { ascend } from "../transforms/scale.ts";

export interface RpropOptions {
  readonly lr: number;
  readonly etas: readonly [number, number];
  readonly stepSizes: readonly [number, number];
  readonly maximize: boolean;
}

export const rprop: Optimizer<RpropOptions> = defineOptimizer<RpropOptions>({
  name: "rprop",
  options: {
    lr: lr(1e-2, "the first step size of every weight; later ones adapt"),
    etas: {
      type: "numbers",
      length: 2,
      default: [0.5, 1.2],
      above: 0,
      description: "η⁻ < 1 < η⁺: factor on the step when the slope changes sign, when it keeps it",
    },
    stepSizes: {
      type: "numbers",
      length: 2,
      default: [1e-6, 50],
      min: 0,
      description: "smallest and largest step",
    },
    maximize,
  },
  paper: {
    cite: "Riedmiller & Braun 1993, the variant without backtracking of weights (iRprop⁻: Igel & Hüsken 2000)",
    equation: "gₜgₜ₋₁ > 0: Δ = min(η⁺Δ, Δmax); < 0: Δ = max(η⁻Δ, Δmin), g = 0;  θ −= sign(g) Δ",
  },
  elsewhere: { pytorch: "Rprop", optax: "rprop" },
  kind: "sign",
  batchRule: "square-root",
  corrected: null,
  torch: (o) =>
    o.maximize
      ? null
      : inTorch(
          "Rprop",
          { etas: o.etas, step_sizes: o.stepSizes },
          { prev: "rprop.prev", step_size: "rprop.delta" },
        ),
  purpose: "full-batch training of small models: only the sign of the slope matters; not for mini-batches",
  make: ({ etas: [down, up], stepSizes: [smallest, largest], maximize: climb }) => {
    if (!(down < 1 && up > 1)) {
      throw new SteepestError("option", `rprop: etas is [${down}, ${up}]`, {
        help: "give etas a number below 1 and one above 1",
      });
    }
    return chain(
      climb && ascend(),
      perTensor({
        name: "rprop",
        slots: { prev: zerosLike, delta: zerosLike },
        update: ({ step, lr: first }) => {
          const start = eq(step, 1);
          return (g, { prev, delta }) => {
            const agreement = mul(g, prev);
            const turned = lt(agreement, 0);
            const factor = select(turned, down, select(gt(agreement, 0), up, onesLike(g)));
            const next = clamp(mul(select(start, first, delta), factor), smallest, largest);
            const kept = select(turned, zerosLike(g), g);
            return [neg(mul(sign(kept), next)), { prev: kept, delta: next }];
          };
        },
      }),
    );
  },
});
