import {
  add,
  div,
  type Expr,
  gt,
  max,
  mul,
  select,
  sqrt,
  square,
  sub,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, flag, lr, weightDecay } from "../options.ts";
import { perTensor, stateless } from "../per-tensor.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import type { Transform } from "../transform.ts";
import { cautious } from "../transforms/caution.ts";
import { decayNow } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface LapropOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly decayByLr: boolean;
  readonly centered: boolean;
  readonly amsgrad: boolean;
  readonly caution: boolean;
}

/** Steps before the mean is trusted enough to be taken off (the authors' number). */
const CENTERED_AFTER = 10;

/** g over the root of its mean square, averaged afterwards. */
const normalizedMomentum = ({ betas: [b1, b2], eps: e, ...o }: LapropOptions): Transform =>
  perTensor({
    name: "laprop",
    slots: {
      m: zerosLike,
      v: zerosLike,
      ...(o.centered && { mean: zerosLike }),
      ...(o.amsgrad && { vmax: zerosLike }),
    } as Readonly<Record<string, (p: Expr) => Expr>>,
    update: ({ step, momentum }) => {
      const beta1 = momentumOr(momentum, b1);
      const scaleM = div(1, biasCorrection(beta1, step));
      const correctedV = biasCorrection(b2, step);
      const settled = gt(step, CENTERED_AFTER);
      return (g, slots) => {
        const v = ema(slots["v"]!, square(g), b2);
        const mean = slots["mean"] && ema(slots["mean"], g, b2);
        const variance = mean ? select(settled, max(sub(v, square(mean)), 0), v) : v;
        const largest = slots["vmax"] && max(slots["vmax"], variance);
        const vmax = largest && mean ? select(settled, largest, slots["vmax"]!) : largest;
        const under = vmax === undefined ? variance : mean ? select(settled, vmax, v) : vmax;
        const m = ema(slots["m"]!, div(g, add(sqrt(div(under, correctedV)), e)), beta1);
        const update = mul(scaleM, o.caution ? cautious(m, g) : m);
        return [update, { m, v, ...(mean && { mean }), ...(vmax && { vmax }) }];
      };
    },
  });

/** Takes a share off the weights after the step, not before. */
const decayAfter = ({ weightDecay: decay, decayByLr }: LapropOptions): Transform =>
  stateless("decay", (hyper) => {
    const lambda = decayByLr ? mul(hyper.lr, decayNow(decay, hyper)) : decayNow(decay, hyper);
    return (u, p) => sub(u, mul(lambda, add(p, u)));
  });

export const laprop: Optimizer<LapropOptions> = defineOptimizer<LapropOptions>({
  name: "laprop",
  options: {
    lr: lr(4e-4),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the scaled gradient and of its mean square"),
    eps: eps(1e-15),
    weightDecay: weightDecay(0, "λ: takes λθ off the weights after the step"),
    decayByLr: flag("take off η·λθ instead, as timm does"),
    centered: flag("divide by the standard deviation of the gradient, from step 11 on"),
    amsgrad: flag("use the largest v so far"),
    caution: flag("leave out entries whose step points against the gradient's, as timm's caution"),
  },
  paper: {
    cite: "Ziyin et al. 2020, algorithm 1",
    url: "https://arxiv.org/abs/2002.04839",
    equation: "v = β₂v + (1−β₂)g²;  m = β₁m + (1−β₁) g/(√(v/(1−β₂ᵗ)) + ε);  θ −= η m/(1−β₁ᵗ);  θ −= λθ",
  },
  elsewhere: {},
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: null,
  purpose: "Adam whose momentum and scaling do not disturb each other: stable at any pair of betas",
  make: (o) => chain(normalizedMomentum(o), scaleByLr(), o.weightDecay > 0 && decayAfter(o)),
});
