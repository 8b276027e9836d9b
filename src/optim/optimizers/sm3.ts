import {
  add,
  amax,
  type Expr,
  gt,
  min,
  mul,
  rsqrt,
  select,
  sizeOf,
  square,
  zeros,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, eps, lr } from "../options.ts";
import { ema, momentumOr } from "../tensors.ts";
import type { State, Tensors, Transform } from "../transform.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface Sm3Options {
  readonly lr: number;
  readonly momentum: number;
  readonly eps: number;
}

/** One accumulator per index of each axis; a scalar has a single one. Shapes [1, …, n, …, 1]. */
const accumulators = (p: Expr): Expr[] =>
  p.shape.length === 0
    ? [zerosLike(p)]
    : p.shape.map((d, axis) =>
        zeros(
          p.shape.map((_, i) => (i === axis ? d : 1)),
          p.dtype,
        ),
      );

/** The largest value for each index of `axis`; zeros where the other axes are empty. */
const coverOf = (v: Expr, axis: number, like: Expr): Expr => {
  const others = v.shape.map((_, i) => i).filter((i) => i !== axis);
  return sizeOf(v.shape) === 0 ? zerosLike(like) : amax(v, { axes: others, keepDims: true });
};

const scaleBySm3 = ({ momentum, eps: e }: Sm3Options): Transform => ({
  name: "sm3",
  init: (params) =>
    Object.fromEntries(
      Object.entries(params).map(([name, p]) => [
        name,
        { m: zerosLike(p), ...Object.fromEntries(accumulators(p).map((a, i) => [`axis${i}`, a])) },
      ]),
    ),
  update: (grads, state, _, hyper) => {
    const updates: Record<string, Expr> = {};
    const next: Record<string, State> = {};
    for (const [name, g] of Object.entries(grads)) {
      const { m: lastM, ...axes } = state[name] as Tensors;
      const covers = Object.values(axes);
      const v = add(square(g), covers.length === 0 ? 0 : covers.reduce((a, b) => min(a, b)));
      const u = mul(g, select(gt(v, 0), rsqrt(add(v, e)), zerosLike(v)));
      const m = ema(lastM!, u, momentumOr(hyper.momentum, momentum));
      updates[name] = m;
      next[name] = {
        m,
        ...Object.fromEntries(
          Object.keys(axes).map((key, i) => [key, g.shape.length === 0 ? v : coverOf(v, i, axes[key]!)]),
        ),
      };
    }
    return [updates, next];
  },
});

export const sm3: Optimizer<Sm3Options> = defineOptimizer<Sm3Options>({
  name: "sm3",
  options: {
    lr: lr(1e-1),
    momentum: beta(0.9, "β: memory of the averaged step"),
    eps: eps(1e-8, "added under the root"),
  },
  paper: {
    cite: "Anil et al. 2019, algorithm SM3-II",
    url: "https://arxiv.org/abs/1901.11150",
    equation:
      "ν = min over axes of μ + g²;  m = βm + (1−β) g/√(ν+ε);  μ(axis) = max of ν over the other axes;  θ −= ηm",
  },
  elsewhere: { optax: "sm3" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "Adagrad for large models: m + n accumulators for an m×n matrix",
  make: (options) => chain(scaleBySm3(options), scaleByLr()),
});
