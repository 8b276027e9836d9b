import { div, gt, min, mul, neg, select, square, sub, sum } from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { lr, number } from "../options.ts";
import { mapKeeping, total } from "../tensors.ts";
import type { Hyper, Tensors, Transform } from "../transform.ts";

export interface PolyakSgdOptions {
  readonly lr: number;
  readonly fMin: number;
}

/** min((f − f*)/‖g‖², η): 0 where the gradient is. */
const polyakStep = (grads: Tensors, { loss, lr: longest }: Hyper, fMin: number) => {
  if (loss === undefined) {
    throw new SteepestError("hyper", "polyak-sgd reads the loss but got none", {
      help: "pass the loss before the update as hyper.loss",
    });
  }
  const g2 = total(grads, (g) => sum(square(g)));
  return select(gt(g2, Number.EPSILON), min(div(sub(loss, fMin), g2), longest), 0);
};

export const polyakSgd: Optimizer<PolyakSgdOptions> = defineOptimizer<PolyakSgdOptions>({
  name: "polyak-sgd",
  options: {
    lr: lr(1, "longest step"),
    fMin: number(0, "f*: the loss at the minimum, or a lower bound", {}),
  },
  paper: {
    cite: "Polyak 1987; stochastic form: Loizou et al. 2021 (SPSmax, c = 1)",
    url: "https://arxiv.org/abs/2002.10542",
    equation: "θ −= min((f(θ) − f*)/‖g‖², η) g",
  },
  elsewhere: { optax: "polyak_sgd" },
  kind: "gradient",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "problems whose smallest loss is known (interpolation: 0): no learning rate to tune",
  needs: ["loss"],
  unmodified: "its step length belongs to the gradient's direction",
  make: ({ fMin }): Transform => ({
    name: "polyak",
    init: () => ({}),
    update: (grads, _, __, hyper) => {
      const step = neg(polyakStep(grads, hyper, fMin));
      return [mapKeeping(grads, (g) => mul(step, g)), {}];
    },
    measure: (grads, _, __, hyper) => ({ stepSize: polyakStep(grads, hyper, fMin) }),
  }),
});
