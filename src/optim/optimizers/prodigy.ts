import {
  abs,
  add,
  div,
  type Expr,
  gt,
  max,
  mul,
  neg,
  select,
  sqrt,
  square,
  sub,
  sum,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, flag, lr, maybeNumber, number, weightDecay } from "../options.ts";
import { biasCorrection, ema, globalDot, mapKeeping, mapTensors, scalar, total } from "../tensors.ts";
import type { Hyper, State, Tensors, Transform } from "../transform.ts";
import { decayNow } from "../transforms/decay.ts";

export interface ProdigyOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly beta3: number | null;
  readonly eps: number;
  readonly d0: number;
  readonly dCoef: number;
  readonly weightDecay: number;
  readonly biasCorrection: boolean;
}

/** d·η, times √(1−β₂ᵗ)/(1−β₁ᵗ) with `biasCorrection`. */
export const dTimesLr = (
  d: Expr,
  [b1, b2]: readonly number[],
  { lr: rate, step }: Hyper,
  corrected: boolean,
): Expr =>
  corrected
    ? mul(mul(d, rate), div(sqrt(biasCorrection(b2!, step)), biasCorrection(b1!, step)))
    : mul(d, rate);

/** max(d, r/Σ|s|·factor): the estimate of the distance never falls; zero gradients leave it. */
export const grownDistance = (d: Expr, factor: number, r: Expr, s: Tensors): Expr => {
  const l1 = total(s, (x) => sum(abs(x)));
  return max(d, select(gt(l1, 0), div(mul(factor, r), l1), 0));
};

const scaleByProdigy = (o: ProdigyOptions): Transform => {
  const [b1, b2] = o.betas;
  const b3 = o.beta3 ?? Math.sqrt(b2);
  const next = (grads: Tensors, state: State, params: Tensors, hyper: Hyper) => {
    const d = state["d"] as Expr;
    const [start, lastS] = [state["start"] as Tensors, state["s"] as Tensors];
    const dlr = dTimesLr(d, o.betas, hyper, o.biasCorrection);
    const push = mul(div(d, o.d0), dlr);
    const fallen = mapTensors(params, (p, name) => sub(start[name]!, p));
    const r = add(mul(b3, state["r"] as Expr), mul(push, globalDot(grads, fallen)));
    const s = mapKeeping(lastS, (x, name) => add(mul(b3, x), mul(push, grads[name]!)));
    return { d, dlr, r, s, dNext: grownDistance(d, o.dCoef, r, s) };
  };
  return {
    name: "prodigy",
    init: (params) => {
      const zero = mapTensors(params, zerosLike);
      return { m: zero, v: zero, s: zero, start: params, d: scalar(o.d0), r: scalar(0) };
    },
    update: (grads, state, params, hyper) => {
      const { d, dlr, r, s, dNext } = next(grads, state, params, hyper);
      const m = mapKeeping(state["m"] as Tensors, (x, k) => ema(x, mul(d, grads[k]!), b1));
      const v = mapKeeping(state["v"] as Tensors, (x, k) => ema(x, square(mul(d, grads[k]!)), b2));
      const [descent, e] = [neg(dlr), mul(dNext, o.eps)];
      const shrink = mul(descent, decayNow(o.weightDecay, hyper));
      const updates = mapKeeping(params, (p, k) => {
        const u = mul(descent, div(m[k]!, add(sqrt(v[k]!), e)));
        return o.weightDecay === 0 ? u : add(u, mul(shrink, p));
      });
      return [updates, { m, v, s, start: state["start"]!, d: dNext, r }];
    },
    measure: (grads, state, params, hyper) => ({ d: next(grads, state, params, hyper).dNext }),
  };
};

export const prodigy: Optimizer<ProdigyOptions> = defineOptimizer<ProdigyOptions>({
  name: "prodigy",
  options: {
    lr: lr(1, "factor on the estimated rate; leave at 1, schedule it with cosine"),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square"),
    beta3: maybeNumber("memory of the estimate's sums; null: √β₂", { min: 0, below: 1 }),
    eps: eps(1e-8),
    d0: number(1e-6, "first estimate of the distance to the solution", { above: 0 }),
    dCoef: number(1, "factor on the estimate", { above: 0 }),
    weightDecay: weightDecay(0, "λ: takes dη·λθ off the weights"),
    biasCorrection: flag("multiply the rate by √(1−β₂ᵗ)/(1−β₁ᵗ)"),
  },
  paper: {
    cite: "Mishchenko & Defazio 2024, algorithm 4",
    url: "https://arxiv.org/abs/2306.06101",
    equation:
      "r = β₃r + d²η/d₀⟨g, θ₀−θ⟩;  s = β₃s + d²η/d₀ g;  m, v of dg;  d = max(d, r/‖s‖₁);  θ −= dη m/(√v + dε)",
  },
  elsewhere: { optax: "contrib.prodigy" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "Adam without a learning rate: estimates the distance to the solution as it goes",
  unmodified: "its estimate needs the steps it made itself",
  make: (o) => chain(scaleByProdigy(o)),
});
