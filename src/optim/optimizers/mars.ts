import { add, div, type Expr, max, mul, sign, sub, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, choice, eps, flag, lr, number, weightDecay } from "../options.ts";
import { perTensor, stateless } from "../per-tensor.ts";
import { ema, momentumOr, norm } from "../tensors.ts";
import type { Transform } from "../transform.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { asMatrix, matrixShape, orthogonalize, quintic, repeated } from "../transforms/orthogonalize.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { scaleByAdam, scaleByAmsgrad } from "../transforms/scale-by-adam.ts";
import { type AuxOptions, auxOptions, withAux } from "../wrappers/matrices.ts";
import { tallFactor } from "./muon.ts";

export interface MarsOptions extends AuxOptions {
  readonly lr: number;
  readonly variant: "adamw" | "lion" | "shampoo";
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly gamma: number;
  readonly weightDecay: number;
  readonly amsgrad: boolean;
  readonly everyTensor: boolean;
}

/** g + γ β₁/(1−β₁)(g − last g), its norm at most 1: a gradient with less noise than one batch's. */
const reduceVariance = ({ betas: [b1], gamma }: MarsOptions): Transform =>
  perTensor({
    name: "mars",
    slots: { last: zerosLike },
    update: () => (g, slots) => {
      const c = add(g, mul((gamma * b1) / (1 - b1), sub(g, slots.last)));
      return [div(c, max(norm(c), 1)), { last: g }];
    },
  });

const average = ([b1]: readonly number[]): Transform =>
  perTensor({
    name: "average",
    slots: { m: zerosLike },
    update: ({ momentum }) => {
      const beta1 = momentumOr(momentum, b1!);
      return (c, slots) => {
        const m = ema(slots.m, c, beta1);
        return [m, { m }];
      };
    },
  });

/** What the reduced gradient's averages become. A vector has no orthogonal form: there "shampoo" takes the direction alone. */
const directions: Readonly<Record<MarsOptions["variant"], (o: MarsOptions) => Transform>> = {
  adamw: (o) => (o.amsgrad ? scaleByAmsgrad(o) : scaleByAdam(o)),
  lion: (o) =>
    chain(
      average(o.betas),
      stateless("sign", () => (m) => sign(m)),
    ),
  shampoo: (o) => {
    const coefficients = repeated(quintic, 5);
    const step = (m: Expr, p: Expr): Expr =>
      p.shape.length < 2
        ? div(m, add(norm(m), o.eps))
        : mul(
            tallFactor(...matrixShape(p)),
            asMatrix(div(m, 1 - o.betas[0]), (x) => orthogonalize(x, { coefficients, eps: o.eps })),
          );
    return chain(
      average(o.betas),
      stateless("orthogonal", () => step),
    );
  },
};

export const mars: Optimizer<MarsOptions> = defineOptimizer<MarsOptions>({
  name: "mars",
  options: {
    lr: lr(3e-3),
    variant: choice(["adamw", "lion", "shampoo"], "adamw", "what is done with the reduced gradient"),
    betas: betas([0.95, 0.99] as const, "β₁, β₂: memory of the mean and of the mean square"),
    eps: eps(1e-8),
    gamma: number(0.025, "γ: share of the correction by the last gradient", { min: 0 }),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights"),
    amsgrad: flag("adamw: use the largest v so far"),
    everyTensor: flag("treat vectors, embeddings and heads as matrices are, instead of by AdamW"),
    ...auxOptions,
  },
  paper: {
    cite: "Yuan et al. 2024, algorithms 2–4, with the last batch's gradient",
    url: "https://arxiv.org/abs/2411.10438",
    equation:
      "c = g + γ β₁/(1−β₁)(g − gₜ₋₁);  c ← c/max(1, ‖c‖);  m = β₁m + (1−β₁)c;  v = β₂v + (1−β₂)c²;  θ −= η (m̂/(√v̂ + ε) + λθ)",
  },
  elsewhere: {},
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "adamw, lion or an orthogonal step on a gradient whose batch noise is partly taken out",
  unmodified: "it has a momentum and settings for other tensors of its own",
  make: (o) => {
    const main = chain(
      reduceVariance(o),
      directions[o.variant](o),
      o.weightDecay > 0 && addDecayedWeights(o.weightDecay),
      scaleByLr(),
    );
    return o.everyTensor ? main : withAux(o, main, { name: "mars" });
  },
});
