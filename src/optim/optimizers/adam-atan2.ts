import {
  add,
  atan2,
  div,
  type Expr,
  gt,
  max,
  mean,
  mul,
  neg,
  select,
  sqrt,
  square,
  sub,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, flag, lr, number, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import type { Transform } from "../transform.ts";
import { decayNow } from "../transforms/decay.ts";

export interface AdamAtan2Options {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly a: number;
  readonly b: number;
  readonly weightDecay: number;
  readonly regeneration: number;
  readonly perFirstLr: boolean;
  readonly cautiousFactor: number;
  readonly cautiousWeightDecay: boolean;
}

/** u with the entries that point along the gradient's fall kept and the others times f, at the same mean size. */
const leaning = (u: Expr, g: Expr, f: number): Expr => {
  const share = select(gt(mul(u, g), 0), 1, mul(f, add(1, mul(0, u))));
  return mul(u, div(share, max(mean(share), 1e-5)));
};

const step = ({ betas: [b1, b2], ...o }: AdamAtan2Options): Transform =>
  perTensor({
    name: "adam-atan2",
    slots: {
      m: zerosLike,
      v: zerosLike,
      ...(o.regeneration > 0 && { start: (p: Expr) => p }),
    } as Readonly<Record<string, (p: Expr) => Expr>>,
    update: (hyper) => {
      const beta1 = momentumOr(hyper.momentum, b1);
      const [scaleM, correctedV] = [
        div(1, biasCorrection(beta1, hyper.step)),
        biasCorrection(b2, hyper.step),
      ];
      const unit = o.perFirstLr ? 1 / o.lr : 1;
      const shrink = mul(mul(hyper.lr, unit), decayNow(o.weightDecay, hyper));
      const pull = mul(hyper.lr, o.regeneration * unit);
      return (g, slots, p) => {
        const m = ema(slots["m"]!, g, beta1);
        const v = ema(slots["v"]!, square(g), b2);
        const angle = atan2(mul(scaleM, m), mul(o.b, sqrt(div(v, correctedV))));
        const u = o.cautiousFactor < 1 ? leaning(angle, g, o.cautiousFactor) : angle;
        const start = slots["start"];
        const regained = start === undefined ? p : add(p, mul(pull, sub(start, p)));
        const decayed = mul(shrink, regained);
        const lost = o.cautiousWeightDecay ? select(gt(mul(u, regained), 0), decayed, 0) : decayed;
        const moved = mul(mul(neg(hyper.lr), o.a), u);
        const kept = o.weightDecay > 0 ? sub(moved, lost) : moved;
        const total = start === undefined ? kept : add(kept, sub(regained, p));
        return [total, { m, v, ...(start && { start }) }];
      };
    },
  });

export const adamAtan2: Optimizer<AdamAtan2Options> = defineOptimizer<AdamAtan2Options>({
  name: "adam-atan2",
  options: {
    lr: lr(1e-4),
    betas: betas([0.9, 0.99] as const, "β₁, β₂: memory of the mean and of the mean square of the gradient"),
    a: number(1.27, "factor on the angle: 1.27 gives small steps Adam's length at b = 1; the paper has 1", {
      above: 0,
    }),
    b: number(1, "factor on √v̂: how early steps are bent short", { above: 0 }),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights"),
    regeneration: number(
      0,
      "ρ: pulls η·ρ of the way back to the first weights each step, against loss of plasticity",
      { min: 0 },
    ),
    perFirstLr: flag("λ and ρ are shares of a step at the first rate: divide them by lr"),
    cautiousFactor: number(1, "share kept of entries that point against the gradient; 1: all", {
      min: 0,
      max: 1,
    }),
    cautiousWeightDecay: flag("decay only where the step shrinks the weight too"),
  },
  paper: {
    cite: "Everett et al. 2024, section 5",
    url: "https://arxiv.org/abs/2407.05872",
    equation: "θ ← (1−ηλ)θ − η a·atan2(m/(1−β₁ᵗ), b√(v/(1−β₂ᵗ)));  m, v as in Adam",
  },
  elsewhere: {},
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: null,
  purpose: "Adam without ε: the same whatever the gradient's scale, and no step longer than π/2·a·η",
  make: (o) => chain(step(o)),
});
