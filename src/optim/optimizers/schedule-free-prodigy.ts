import {
  abs,
  add,
  div,
  type Expr,
  gt,
  mul,
  neg,
  pow,
  select,
  sqrt,
  square,
  sub,
  sum,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { eps, lr, number, weightDecay } from "../options.ts";
import { ema, globalDot, mapKeeping, mapTensors, scalar, total } from "../tensors.ts";
import type { Hyper, State, Tensors, Transform } from "../transform.ts";
import { decayNow } from "../transforms/decay.ts";
import { grownDistance } from "./prodigy.ts";

export interface ScheduleFreeProdigyOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly d0: number;
  readonly dCoef: number;
  readonly r: number;
  readonly weightDecay: number;
}

/** x = (y − (1−β)z)/β */
const averageOf = (beta: number, y: Expr, z: Expr): Expr => add(y, mul(1 / beta - 1, sub(y, z)));

/** z = z₀ + what it has moved: apart, as in float32 the first moves would be lost in z₀, and the estimate with them. */
const zOf = (state: State, name: string): Expr =>
  add((state["start"] as Tensors)[name]!, (state["moved"] as Tensors)[name]!);

const step = (o: ScheduleFreeProdigyOptions): Transform => {
  const [b1, b2] = o.betas;
  const b3 = Math.sqrt(b2);
  const measured = (grads: Tensors, state: State, hyper: Hyper) => {
    const d = state["d"] as Expr;
    const push = mul(mul(d, d), hyper.lr);
    const slope = neg(globalDot(grads, state["moved"] as Tensors));
    const r = add(mul(b3, state["r"] as Expr), mul(push, slope));
    const s = mapKeeping(state["s"] as Tensors, (x, name) => add(mul(b3, x), mul(push, grads[name]!)));
    return { d, r, s, dNext: grownDistance(d, o.dCoef, r, s) };
  };
  return {
    name: "schedule-free-prodigy",
    init: (params) => {
      const zero = mapTensors(params, zerosLike);
      return {
        moved: zero,
        v: zero,
        s: zero,
        start: params,
        d: scalar(o.d0),
        r: scalar(0),
        weightSum: scalar(0),
      };
    },
    update: (grads, state, params, hyper) => {
      const { d, r, s, dNext } = measured(grads, state, hyper);
      const start = state["start"] as Tensors;
      // until a gradient has been seen nothing moves, and no weight is given
      const moves = gt(
        total(s, (x) => sum(abs(x))),
        0,
      );
      const weight = select(moves, pow(hyper.step, o.r), 0);
      const weightSum = add(state["weightSum"] as Expr, weight);
      const c = select(gt(weightSum, 0), div(weight, select(gt(weightSum, 0), weightSum, 1)), 0);
      const length = mul(mul(dNext, d), hyper.lr);
      const shrink = mul(mul(d, hyper.lr), decayNow(o.weightDecay, hyper));
      const v = mapKeeping(state["v"] as Tensors, (x, k) => ema(x, square(mul(d, grads[k]!)), b2));
      const averages = mapTensors(params, (y, k) => averageOf(b1, y, zOf(state, k)));
      const moved = mapKeeping(state["moved"] as Tensors, (x, k) => {
        const scaled = div(grads[k]!, add(sqrt(v[k]!), mul(dNext, o.eps)));
        const next = sub(x, mul(length, scaled));
        return select(moves, o.weightDecay === 0 ? next : sub(next, mul(shrink, averages[k]!)), x);
      });
      const z = mapTensors(moved, (x, k) => add(start[k]!, x));
      const updates = mapKeeping(params, (y, k) => {
        const x = averages[k]!;
        const next = add(x, mul(c, sub(z[k]!, x)));
        return sub(add(mul(b1, next), mul(1 - b1, z[k]!)), y);
      });
      return [updates, { moved, v, s, start, d: dNext, r, weightSum }];
    },
    measure: (grads, state, _, hyper) => ({ d: measured(grads, state, hyper).dNext }),
    evaluationParams: (params, state) => mapKeeping(params, (y, k) => averageOf(b1, y, zOf(state, k))),
  };
};

export const scheduleFreeProdigy: Optimizer<ScheduleFreeProdigyOptions> =
  defineOptimizer<ScheduleFreeProdigyOptions>({
    name: "schedule-free-prodigy",
    options: {
      lr: lr(1, "factor on the estimated rate; leave at 1, without a schedule"),
      betas: {
        type: "numbers",
        length: 2,
        default: [0.9, 0.9955],
        above: 0,
        below: 1,
        description: "β₁: gradients are taken at β₁x + (1−β₁)z; β₂: memory of the mean square",
      },
      eps: eps(1e-8),
      d0: number(1e-6, "first estimate of the distance to the solution", { above: 0 }),
      dCoef: number(1, "factor on the estimate", { above: 0 }),
      r: number(0.75, "power of the step in the averaging weights", { min: 0 }),
      weightDecay: weightDecay(0, "λ: takes dη·λx off z"),
    },
    paper: {
      cite: "Defazio et al. 2024 with Mishchenko & Defazio 2024, as entered in AlgoPerf",
      url: "https://arxiv.org/abs/2405.15682",
      equation:
        "y = β₁x + (1−β₁)z;  d of prodigy, from ⟨∇f(y), z₀−z⟩;  z −= d·dₜ₋₁η ∇f(y)/(√v + dε);  x = (1−c)x + cz, c = tʳ/Σtʳ",
    },
    elsewhere: {},
    kind: "adaptive",
    batchRule: "square-root",
    corrected: null,
    torch: null,
    purpose: "no rate, no schedule and no number of steps to choose; evaluate the average x",
    unmodified: "its weights are between two points",
    make: (o) => chain(step(o)),
  });
