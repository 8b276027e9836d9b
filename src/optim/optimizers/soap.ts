import {
  add,
  and,
  constant,
  div,
  type Expr,
  eigenvectors,
  eq,
  gt,
  mul,
  powerIteration,
  type Shape,
  select,
  sqrt,
  square,
  sub,
  zeros,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, flag, lr, maybeNumber, number, weightDecay } from "../options.ts";
import { stateless } from "../per-tensor.ts";
import { biasCorrection, ema, mapKeeping, mapTensors, momentumOr, rootMeanSquare } from "../tensors.ts";
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
import { decayAfter } from "../transforms/decay.ts";
import { isEvery } from "../transforms/every.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface SoapOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly shampooBeta: number | null;
  readonly eps: number;
  readonly weightDecay: number;
  readonly preconditionFrequency: number;
  readonly maxPrecondDim: number;
  readonly precondition1d: boolean;
  readonly normalizeGrads: boolean;
  readonly correctBias: boolean;
}

/** The axes of a tensor that get a basis: those of matrices that are not too long, and of vectors if asked for. */
const turnedAxes = ({ maxPrecondDim, precondition1d }: SoapOptions, shape: Shape): readonly number[] =>
  shape.length === 1 && !precondition1d ? [] : matrixAxes(shape, maxPrecondDim);

/**
 * Adam in the eigenbasis of Shampoo's factors, the first step aside, which only finds the bases. m is kept as it is in the
 * weights' own coordinates; v belongs to the bases' vectors, which keep their places when a basis is renewed, so that
 * it needs no turning. A basis lies as rows.
 */
const adamInBasis = (o: SoapOptions): Transform => ({
  name: "soap",
  init: (params) => {
    const axes = (f: (n: number, p: Expr) => Expr): State =>
      forAxes(params, (shape) => turnedAxes(o, shape), (a, p) => f(p.shape[a]!, p)); // biome-ignore format: one call
    return {
      m: mapTensors(params, zerosLike),
      v: mapTensors(params, zerosLike),
      gram: axes((n, p) => zeros([n, n], p.dtype)),
      basis: axes((n, p) => identity(n, p.dtype)),
    };
  },
  update: (grads, state, params, hyper) => {
    const [before, bases] = [state as { readonly [K in "m" | "v"]: Tensors }, state["basis"] as State];
    const [b1, b2] = [momentumOr(hyper.momentum, o.betas[0]), o.betas[1]];
    const taken = sub(hyper.step, 1); // steps of Adam
    const first = eq(taken, 0);
    const kept = (next: Tensors, old: Tensors): Tensors =>
      mapKeeping(next, (x, name) => select(first, old[name]!, x));
    const turned = (x: Expr, name: string): Expr => applyAll(x, axesOf(bases, name));
    const m = kept(mapTensors(grads, (g, name) => ema(before.m[name]!, g, b1)), before.m); // biome-ignore format: one value
    const v = kept(
      mapTensors(grads, (g, name) => ema(before.v[name]!, square(turned(g, name)), b2)),
      before.v,
    );
    const correction = o.correctBias
      ? div(sqrt(biasCorrection(b2, taken)), biasCorrection(b1, taken))
      : constant(1, { dtype: "float64" });
    const updates = mapKeeping(params, (_, name) => {
      const step = div(turned(m[name]!, name), add(sqrt(v[name]!), o.eps));
      const back = applyAll(step, axesOf(bases, name), true);
      return mul(correction, o.normalizeGrads ? div(back, add(rootMeanSquare(back), 1e-30)) : back);
    });
    return [updates, { m, v, ...renewed(o, grads, state, { ...hyper, step: taken }) }];
  },
});

/** The factors with this step's gradient, and the bases of them: found at the first step, renewed at every so many. */
function renewed(o: SoapOptions, grads: Tensors, state: State, { step: taken }: Hyper): State {
  const beta = o.shampooBeta ?? o.betas[1];
  const first = eq(taken, 0);
  const due = and(gt(taken, 0), isEvery(taken, o.preconditionFrequency));
  const gram: Record<string, ByAxis> = {};
  const basis: Record<string, ByAxis> = {};
  for (const [name, g] of Object.entries(grads)) {
    const [grams, bases] = [axesOf(state["gram"] as State, name), axesOf(state["basis"] as State, name)];
    const next = Object.entries(grams).map(
      ([a, old]) => [a, ema(old, gramAlong(g, Number(a)), beta)] as const,
    );
    gram[name] = Object.fromEntries(next);
    basis[name] = Object.fromEntries(
      next.map(([a, now]) => {
        const found = eigenvectors(now, { when: first, otherwise: bases[a]! });
        return [a, powerIteration(now, bases[a]!, { when: due, otherwise: found })];
      }),
    );
  }
  return { gram, basis };
}

export const soap: Optimizer<SoapOptions> = defineOptimizer<SoapOptions>({
  name: "soap",
  options: {
    lr: lr(3e-3),
    betas: betas([0.95, 0.95] as const, "β₁, β₂: memory of the gradient and of its square in the basis"),
    shampooBeta: maybeNumber("memory of the factors ggᵀ and gᵀg; null: β₂", { min: 0, below: 1 }),
    eps: eps(1e-8),
    weightDecay: weightDecay(0.01, "λ: takes η·λθ off the weights, after the step"),
    preconditionFrequency: number(10, "steps after which the bases are renewed", { min: 1, integer: true }),
    maxPrecondDim: number(10_000, "axes longer than this get no basis", { min: 0, integer: true }),
    precondition1d: flag("give vectors a basis too"),
    normalizeGrads: flag("divide each tensor's step by its root mean square"),
    correctBias: flag("correct the start of the averages, as Adam does", true),
  },
  paper: {
    cite: "Vyas et al. 2024, algorithm 3",
    url: "https://arxiv.org/abs/2409.11321",
    equation:
      "L = βL + (1−β)ggᵀ, R = βR + (1−β)gᵀg, Q their eigenvectors, renewed by QR of LQ every f steps;  Adam on QᴸᵀgQᴿ, turned back;  θ −= η(u + λθ)",
  },
  elsewhere: {},
  kind: "matrix",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "matrices whose directions have very different curvatures: Adam in the basis where they are apart",
  unmodified: "its first step only finds the bases, and it decays after the step",
  make: (o) =>
    chain(
      adamInBasis(o),
      scaleByLr(),
      o.weightDecay > 0 && decayAfter(o.weightDecay, true),
      stateless(
        "start",
        ({ step }) =>
          (u) =>
            select(eq(step, 1), zerosLike(u), u),
      ),
    ),
});
