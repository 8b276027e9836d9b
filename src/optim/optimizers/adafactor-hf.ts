import {
  add,
  div,
  type Expr,
  max,
  min,
  mul,
  pow,
  rsqrt,
  square,
  sub,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import type { OptionSpec } from "../options.ts";
import { beta, flag, lr, number, weightDecay } from "../options.ts";
import { perTensor, stateless } from "../per-tensor.ts";
import { ema, rootMeanSquare, scalar } from "../tensors.ts";
import type { Hyper, Transform } from "../transform.ts";
import { decayNow } from "../transforms/decay.ts";
import { emaMomentum } from "../transforms/ema-momentum.ts";
import { scaleBy } from "../transforms/scale.ts";
import { axisMean, byRank, limitRms, zerosAlong } from "./adafactor.ts";

export interface AdafactorHfOptions {
  readonly lr: number;
  readonly eps: readonly [number, number];
  readonly clipThreshold: number;
  readonly decayRate: number;
  readonly beta1: number | null;
  readonly weightDecay: number;
  readonly scaleParameter: boolean;
  readonly relativeStep: boolean;
  readonly warmupInit: boolean;
}

const maybeBeta: OptionSpec<number | null> = {
  ...beta(0, "β₁: momentum on the update; null keeps none"),
  type: "number",
  nullable: true,
  default: null,
};

/** The limited direction u = g/√V (paper: α is not in it yet). */
const direction = (options: AdafactorHfOptions): Transform => {
  const keep = ({ step }: Hyper): Expr => sub(1, pow(step, options.decayRate));
  return byRank(
    perTensor({
      name: "factored",
      slots: { row: zerosAlong(-1), col: zerosAlong(-2) },
      update: (hyper) => {
        const beta2 = keep(hyper);
        return (g, slots) => {
          const g2 = add(square(g), options.eps[0]);
          const row = ema(slots.row, axisMean(g2, -1), beta2);
          const col = ema(slots.col, axisMean(g2, -2), beta2);
          const u = mul(mul(g, rsqrt(div(row, axisMean(row, -2)))), rsqrt(col));
          return [limitRms(u, options.clipThreshold), { row, col }];
        };
      },
    }),
    perTensor({
      name: "full",
      slots: { v: zerosLike },
      update: (hyper) => {
        const beta2 = keep(hyper);
        return (g, slots) => {
          const v = ema(slots.v, add(square(g), options.eps[0]), beta2);
          return [limitRms(mul(g, rsqrt(v)), options.clipThreshold), { v }];
        };
      },
    }),
  );
};

/** α = ρ or max(ε₂, RMS θ)·ρ with ρ = η or min(10⁻² or 10⁻⁶t, 1/√t). */
const stepSize = (
  { scaleParameter, relativeStep, warmupInit, eps: [, eps2] }: AdafactorHfOptions,
  hyper: Hyper,
) => {
  const cap = warmupInit ? mul(1e-6, hyper.step) : scalar(1e-2);
  const rho = relativeStep ? min(cap, rsqrt(hyper.step)) : hyper.lr;
  return (p: Expr): Expr => (scaleParameter ? mul(rho, max(rootMeanSquare(p), eps2)) : rho);
};

/** u → αu */
const stretch = (options: AdafactorHfOptions): Transform =>
  stateless("stretch", (hyper) => {
    const alpha = stepSize(options, hyper);
    return (u, p) => mul(alpha(p), u);
  });

/** u → u + λαθ */
const decayByStep = (options: AdafactorHfOptions): Transform =>
  stateless("decay", (hyper) => {
    const alpha = stepSize(options, hyper);
    const lambda = decayNow(options.weightDecay, hyper);
    return (u, p) => add(u, mul(mul(alpha(p), lambda), p));
  });

export const adafactorHf: Optimizer<AdafactorHfOptions> = defineOptimizer<AdafactorHfOptions>({
  name: "adafactor-hf",
  options: {
    lr: lr(1e-3, "used with relativeStep off only"),
    eps: {
      type: "numbers",
      length: 2,
      default: [1e-30, 1e-3],
      min: 0,
      description: "ε₁ added to g², ε₂ the least scale of a parameter",
    },
    clipThreshold: number(1, "d: the update's root mean square is limited to this", {
      above: 0,
    }),
    decayRate: number(-0.8, "β₂ₜ = 1 − t^decayRate", { max: 0 }),
    beta1: maybeBeta,
    weightDecay: weightDecay(0, "λ: takes α·λθ off the weights"),
    scaleParameter: flag("scale steps by the parameter's root mean square", true),
    relativeStep: flag("choose ρ from the step count instead of the learning rate", true),
    warmupInit: flag("start ρ at 1e-6·t"),
  },
  paper: {
    cite: "Shazeer & Stern 2018, with the options of Hugging Face's implementation",
    url: "https://arxiv.org/abs/1804.04235",
    equation: "u = g/√(R/mean R)/√C;  u /= max(1, RMS(u)/d);  θ −= α(u + λθ), α = max(ε₂, RMS θ)·ρₜ",
  },
  elsewhere: { hf: "adafactor" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "fine-tuning T5 and its like as their recipes say; PyTorch's form is `adafactor`",
  make: (options) =>
    chain(
      direction(options),
      stretch(options),
      options.beta1 !== null && emaMomentum({ beta: options.beta1 }),
      options.weightDecay > 0 && decayByStep(options),
      scaleBy(-1),
    ),
});
