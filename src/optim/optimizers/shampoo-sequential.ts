import {
  add,
  type Expr,
  eq,
  inverseRoot,
  mul,
  select,
  sub,
  zeros,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, eps, lr, number, weightDecay } from "../options.ts";
import { ema, mapKeeping, mapTensors } from "../tensors.ts";
import type { State, Tensors, Transform } from "../transform.ts";
import {
  applyAll,
  axesOf,
  type ByAxis,
  forAxes,
  gramAlong,
  identity,
  matrixAxes,
} from "../transforms/axes.ts";
import { isEvery } from "../transforms/every.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { maxPrecondDim } from "./shampoo.ts";

export interface ShampooSequentialOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly epsilon: number;
  readonly updateFreq: number;
  readonly maxPrecondDim: number;
}

/** Axis after axis: the factor of each is made from the gradient that the ones before it have been applied to. */
const oneByOne = (o: ShampooSequentialOptions): Transform => ({
  name: "shampoo",
  init: (params) => {
    const axes = (f: (n: number, dtype: Expr["dtype"]) => Expr): State =>
      forAxes(params, (shape) => matrixAxes(shape, o.maxPrecondDim), (a, p) => f(p.shape[a]!, p.dtype)); // biome-ignore format: one call
    return {
      gram: axes((n, dtype) => zeros([n, n], dtype)),
      root: axes(identity),
      ...(o.momentum > 0 && { previous: mapTensors(params, zerosLike) }),
    };
  },
  update: (grads, state, params, hyper) => {
    const when = isEvery(sub(hyper.step, 1), o.updateFreq);
    const gram: Record<string, ByAxis> = {};
    const root: Record<string, ByAxis> = {};
    const updates = mapKeeping(grads, (raw, name) => {
      const previous = (state["previous"] as Tensors | undefined)?.[name];
      const mixed = previous ? ema(select(eq(hyper.step, 1), raw, previous), raw, o.momentum) : raw;
      let g = o.weightDecay > 0 ? add(mixed, mul(o.weightDecay, params[name]!)) : mixed;
      const given = { power: 1 / g.shape.length, epsilon: o.epsilon };
      const [grams, roots] = [axesOf(state["gram"] as State, name), axesOf(state["root"] as State, name)];
      const now: Record<string, Expr> = {};
      const powers: Record<string, Expr> = {};
      for (const [a, old] of Object.entries(grams)) {
        now[a] = add(old, gramAlong(g, Number(a)));
        powers[a] = inverseRoot(now[a], given, { when, otherwise: roots[a]! });
        g = applyAll(g, { [a]: powers[a] });
      }
      gram[name] = now;
      root[name] = powers;
      return g;
    });
    return [updates, { gram, root, ...(o.momentum > 0 && { previous: updates }) }];
  },
});

export const shampooSequential: Optimizer<ShampooSequentialOptions> =
  defineOptimizer<ShampooSequentialOptions>({
    name: "shampoo-sequential",
    options: {
      lr: lr(1e-1),
      momentum: beta(0, "share of the last preconditioned gradient in the next one"),
      weightDecay: weightDecay(0, "λ: adds λθ to the gradient"),
      epsilon: eps(1e-4, "added to the factors' diagonal"),
      updateFreq: number(1, "steps after which the roots are computed anew", { min: 1, integer: true }),
      maxPrecondDim,
    },
    paper: {
      cite: "the form of shampoo.pytorch and pytorch_optimizer; not Gupta, Koren & Singer 2018",
      url: "https://github.com/moskomule/shampoo.pytorch",
      equation:
        "axis by axis: A += gᵢgᵢᵀ, g ← (A + εI)^(−1/k) g along it, k axes, the next axis from this g;  θ −= η g",
    },
    elsewhere: {},
    kind: "matrix",
    batchRule: "square-root",
    corrected: null,
    torch: null,
    purpose: "repeating runs that were made with it; shampoo is the paper's method",
    make: (o) => chain(oneByOne(o), scaleByLr()),
  });
