import { add, div, type Expr, mul, neg, sqrt, square, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, flag, lr, number, weightDecay } from "../options.ts";
import { ema, globalDot, mapKeeping, mapTensors, scalar } from "../tensors.ts";
import type { Hyper, State, Tensors, Transform } from "../transform.ts";
import { decayNow } from "../transforms/decay.ts";
import { dTimesLr, grownDistance } from "./prodigy.ts";

export interface DAdaptAdamOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly d0: number;
  readonly weightDecay: number;
  readonly biasCorrection: boolean;
}

const scaleByDAdaptAdam = (o: DAdaptAdamOptions): Transform => {
  const [b1, b2] = o.betas;
  const root = Math.sqrt(b2);
  const next = (grads: Tensors, state: State, hyper: Hyper) => {
    const d = state["d"] as Expr;
    const [lastS, lastV] = [state["s"] as Tensors, state["v"] as Tensors];
    const dlr = dTimesLr(d, o.betas, hyper, o.biasCorrection);
    const scaled = mapTensors(lastS, (s, k) => div(s, add(sqrt(lastV[k]!), o.eps)));
    const r = ema(state["r"] as Expr, mul(dlr, globalDot(grads, scaled)), root);
    const s = mapKeeping(lastS, (x, k) => ema(x, mul(dlr, grads[k]!), root));
    return { dlr, r, s, dNext: grownDistance(d, 1 / (1 - root), r, s) };
  };
  return {
    name: "d-adapt",
    init: (params) => {
      const zero = mapTensors(params, zerosLike);
      return { m: zero, v: zero, s: zero, d: scalar(o.d0), r: scalar(0) };
    },
    update: (grads, state, params, hyper) => {
      const { dlr, r, s, dNext } = next(grads, state, hyper);
      const m = mapKeeping(state["m"] as Tensors, (x, k) => ema(x, mul(dlr, grads[k]!), b1));
      const v = mapKeeping(state["v"] as Tensors, (x, k) => ema(x, square(grads[k]!), b2));
      const shrink = neg(mul(dlr, decayNow(o.weightDecay, hyper)));
      const updates = mapKeeping(params, (p, k) => {
        const u = neg(div(m[k]!, add(sqrt(v[k]!), o.eps)));
        return o.weightDecay === 0 ? u : add(u, mul(shrink, p));
      });
      return [updates, { m, v, s, d: dNext, r }];
    },
    measure: (grads, state, _, hyper) => ({ d: next(grads, state, hyper).dNext }),
  };
};

export const dAdaptAdam: Optimizer<DAdaptAdamOptions> = defineOptimizer<DAdaptAdamOptions>({
  name: "d-adapt-adam",
  options: {
    lr: lr(1, "factor on the estimated rate; leave at 1 and schedule it"),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square"),
    eps: eps(1e-8),
    d0: number(1e-6, "first estimate of the distance to the solution", { above: 0 }),
    weightDecay: weightDecay(0, "λ: takes dη·λθ off the weights"),
    biasCorrection: flag("multiply the rate by √(1−β₂ᵗ)/(1−β₁ᵗ)"),
  },
  paper: {
    cite: "Defazio & Mishchenko 2023, algorithm 5",
    url: "https://arxiv.org/abs/2301.07733",
    equation:
      "r = √β₂r + (1−√β₂)dη⟨g, s/(√v+ε)⟩;  s = √β₂s + (1−√β₂)dηg;  m of dηg, v of g;  d = max(d, r/((1−√β₂)‖s‖₁));  θ −= m/(√v+ε)",
  },
  elsewhere: { optax: "contrib.dadapt_adamw" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "Adam without a learning rate; Prodigy finds the rate faster",
  unmodified: "its estimate needs the steps it made itself",
  make: (o) => chain(scaleByDAdaptAdam(o)),
});
