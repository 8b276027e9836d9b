import type { Expr } from "../../engine/graph/index.ts";
import { add, div, max, mul, neg, sqrt, square, sub, sum } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { eps, lr, number, weightDecay } from "../options.ts";
import { globalNorm, mapKeeping, mapTensors, scalar, total } from "../tensors.ts";
import type { Hyper, State, Tensors, Transform } from "../transform.ts";
import { addDecayedWeights } from "../transforms/decay.ts";

export interface DogOptions {
  readonly lr: number;
  readonly reps: number;
  readonly eps: number;
  readonly weightDecay: number;
}

interface Distance {
  readonly rbar: Expr;
  readonly sumSquares: Expr;
  readonly eta: Expr;
}

/** The farthest the weights have been from their start, over the root of all squared gradients so far. */
const stepSize = (
  e: number,
  grads: Tensors,
  state: State,
  params: Tensors,
  { lr: rate }: Hyper,
): Distance => {
  const start = state["start"] as Tensors;
  const rbar = max(state["rbar"] as Expr, globalNorm(mapTensors(params, (p, name) => sub(p, start[name]!))));
  const sumSquares = add(
    state["sumSquares"] as Expr,
    total(grads, (g) => sum(square(g))),
  );
  return { rbar, sumSquares, eta: div(mul(rate, rbar), sqrt(add(sumSquares, e))) };
};

const distanceOverGradients = ({ reps, eps: e }: DogOptions): Transform => ({
  name: "dog",
  init: (params) => ({
    start: params,
    rbar: mul(reps, add(1, globalNorm(params))),
    sumSquares: scalar(0),
  }),
  update: (grads, state, params, hyper) => {
    const { rbar, sumSquares, eta } = stepSize(e, grads, state, params, hyper);
    const descent = neg(eta);
    return [mapKeeping(grads, (g) => mul(descent, g)), { start: state["start"]!, rbar, sumSquares }];
  },
  measure: (grads, state, params, hyper) => ({ stepSize: stepSize(e, grads, state, params, hyper).eta }),
});

export const dog: Optimizer<DogOptions> = defineOptimizer<DogOptions>({
  name: "dog",
  options: {
    lr: lr(1, "factor on the step; 1 is the paper's method"),
    reps: number(1e-6, "first movement, as a share of 1 + ‖θ₀‖", { above: 0 }),
    eps: eps(1e-8, "added to the sum of squares"),
    weightDecay: weightDecay(0, "λ: adds λθ to the gradient"),
  },
  paper: {
    cite: "Ivgi, Hinder & Carmon 2023, equation 1",
    url: "https://arxiv.org/abs/2302.12022",
    equation: "r̄ = max(r̄, ‖θ−θ₀‖);  G += ‖g‖²;  θ −= η r̄/√(G+ε) g;  r̄₀ = reps (1+‖θ₀‖)",
  },
  elsewhere: { optax: "contrib.dog" },
  kind: "gradient",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "SGD without a learning rate: one step size for the model, from how far it has moved",
  unmodified: "its estimate needs the steps it made itself",
  make: (o) => chain(o.weightDecay > 0 && addDecayedWeights(o.weightDecay), distanceOverGradients(o)),
});
