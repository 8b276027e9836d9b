import {
  add,
  and,
  div,
  type Expr,
  eq,
  ge,
  inverseRoot,
  mul,
  or,
  select,
  sqrt,
  square,
  zeros,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import {
  beta,
  choice,
  eps,
  flag,
  lr,
  maybeNumber,
  number,
  type OptionSpec,
  weightDecay,
} from "../options.ts";
import { biasCorrection, ema, mapKeeping, mapTensors, norm } from "../tensors.ts";
import type { Hyper, State, Tensors, Transform } from "../transform.ts";
import {
  applyAll,
  axesOf,
  type ByAxis,
  forAxes,
  gramAlong,
  identity,
  matrixAxes,
} from "../transforms/axes.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { isEvery } from "../transforms/every.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { trace } from "../transforms/trace.ts";

export interface ShampooOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly exponent: number | null;
  readonly preconditionFrequency: number;
  readonly startPreconditioningStep: number;
  readonly maxPrecondDim: number;
  readonly grafting: "none" | "sgd" | "adagrad" | "rmsprop" | "adam";
  readonly graftingBeta2: number;
  readonly graftingEpsilon: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly decoupledWeightDecay: boolean;
  readonly biasCorrection: boolean;
}

/** How long axes may be that get a matrix. */
export const maxPrecondDim: OptionSpec<number> = number(8192, "axes longer than this get no matrix", {
  min: 0,
  integer: true,
});

/** Powers of the factors, applied to the averaged gradient, with another method's length if grafted. */
const preconditioned = (o: ShampooOptions): Transform => {
  const sums = o.grafting !== "none" && o.grafting !== "sgd";
  return {
    name: "shampoo",
    init: (params) => {
      const axes = (f: (n: number, dtype: Expr["dtype"]) => Expr): State =>
        forAxes(params, (shape) => matrixAxes(shape, o.maxPrecondDim), (a, p) => f(p.shape[a]!, p.dtype)); // biome-ignore format: one call
      return {
        ...(o.betas[0] > 0 && { m: mapTensors(params, zerosLike) }),
        ...(sums && { squares: mapTensors(params, zerosLike) }),
        gram: axes((n, dtype) => zeros([n, n], dtype)),
        root: axes(identity),
      };
    },
    update: (grads, state, _, hyper) => {
      const [b1] = o.betas;
      const m = b1 > 0 ? mapKeeping(grads, (g, k) => ema((state["m"] as Tensors)[k]!, g, b1)) : undefined;
      const averaged = m ? mapKeeping(m, (x) => div(x, biasCorrection(b1, hyper.step))) : grads;
      const squares = sums
        ? mapKeeping(grads, (g, k) => nextSquares(o, (state["squares"] as Tensors)[k]!, g))
        : undefined;
      const factors = nextFactors(o, grads, state, hyper);
      const started = ge(hyper.step, o.startPreconditioningStep);
      const updates = mapKeeping(averaged, (mean, name) => {
        const u = applyAll(mean, axesOf(factors["root"] as State, name));
        const own = grafted(o, mean, squares?.[name], hyper);
        if (own === null) return select(started, u, mean);
        return select(started, mul(u, div(norm(own), add(norm(u), 1e-16))), own);
      });
      return [updates, { ...(m && { m }), ...(squares && { squares }), ...factors }];
    },
  };
};

const nextSquares = ({ grafting, graftingBeta2 }: ShampooOptions, old: Expr, g: Expr): Expr =>
  grafting === "adagrad" ? add(old, square(g)) : ema(old, square(g), graftingBeta2);

/** The step whose length is taken; null without grafting. */
function grafted(o: ShampooOptions, mean: Expr, squares: Expr | undefined, { step }: Hyper): Expr | null {
  if (squares === undefined) return o.grafting === "sgd" ? mean : null;
  const sum = o.grafting === "adam" ? div(squares, biasCorrection(o.graftingBeta2, step)) : squares;
  return div(mean, add(sqrt(sum), o.graftingEpsilon));
}

/** The factors with this step's gradient, and their inverse roots where those are due. */
function nextFactors(o: ShampooOptions, grads: Tensors, state: State, { step }: Hyper): State {
  const [, b2] = o.betas;
  const start = o.startPreconditioningStep;
  const when = and(ge(step, start), or(eq(step, start), isEvery(step, o.preconditionFrequency)));
  const correction = b2 < 1 && o.biasCorrection ? biasCorrection(b2, step) : null;
  const gram: Record<string, ByAxis> = {};
  const root: Record<string, ByAxis> = {};
  for (const [name, g] of Object.entries(grads)) {
    const given = { power: o.exponent ?? 1 / (2 * g.shape.length), epsilon: o.epsilon };
    const grams = Object.entries(axesOf(state["gram"] as State, name)).map(([a, old]) => {
      const now = gramAlong(g, Number(a));
      return [a, b2 === 1 ? add(old, now) : ema(old, now, b2)] as const;
    });
    gram[name] = Object.fromEntries(grams);
    root[name] = Object.fromEntries(
      grams.map(([a, now]) => {
        const factor = correction === null ? now : div(now, correction);
        return [a, inverseRoot(factor, given, { when, otherwise: axesOf(state["root"] as State, name)[a]! })];
      }),
    );
  }
  return { gram, root };
}

export const shampoo: Optimizer<ShampooOptions> = defineOptimizer<ShampooOptions>({
  name: "shampoo",
  options: {
    lr: lr(1e-2),
    betas: {
      type: "numbers",
      length: 2,
      default: [0, 1],
      description: "β₁ of the gradient's average, 0 for none; β₂ of the factors', 1 for their sum",
      min: 0,
      max: 1,
    },
    epsilon: eps(1e-4, "added to the factors' diagonal before the root"),
    exponent: maybeNumber("p of the factors' power −p; null: 1/(2·axes), as in the paper", { above: 0 }),
    preconditionFrequency: number(1, "steps after which the roots are computed anew", {
      min: 1,
      integer: true,
    }),
    startPreconditioningStep: number(1, "the first step that uses the roots", { min: 1, integer: true }),
    maxPrecondDim,
    grafting: choice(
      ["none", "sgd", "adagrad", "rmsprop", "adam"],
      "none",
      "whose step length each tensor takes",
    ),
    graftingBeta2: beta(0.999, "β₂ of the grafted rmsprop or adam"),
    graftingEpsilon: eps(1e-8, "ε of the grafted method"),
    momentum: beta(0, "μ of the preconditioned steps"),
    nesterov: flag("look ahead along the momentum"),
    weightDecay: weightDecay(0, "λ"),
    decoupledWeightDecay: flag("take η·λθ off the weights instead of adding λθ to the gradient", true),
    biasCorrection: flag("correct the start of the factors' average", true),
  },
  paper: {
    cite: "Gupta, Koren & Singer 2018, algorithm 1; Shi et al. 2023",
    url: "https://arxiv.org/abs/1802.09568",
    equation: "L += ggᵀ, R += gᵀg;  θ −= η (L + εI)^(−1/4) g (R + εI)^(−1/4)",
  },
  elsewhere: {},
  kind: "matrix",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose:
    "matrices with strongly coupled rows and columns, at large batches; grafting lets another's rates be used",
  decoupled: (o) => o.decoupledWeightDecay,
  make: (o) => {
    const decay = o.weightDecay > 0 && addDecayedWeights(o.weightDecay);
    return chain(
      !o.decoupledWeightDecay && decay,
      preconditioned(o),
      o.decoupledWeightDecay && decay,
      o.momentum > 0 && trace({ momentum: o.momentum, nesterov: o.nesterov }),
      scaleByLr(),
    );
  },
});
