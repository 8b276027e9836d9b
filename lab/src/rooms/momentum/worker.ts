/** Heavy ball on a ravine: paths of both forms, factors per step, and steps needed. */

import { wasm } from "steepest/engine";
import { axisAligned, descentRate, heavyBall, spread, stepsUntil } from "steepest/lesson/problems";
import { findOptimizer, sgd } from "steepest/optim";
import {
  createDescent,
  type Descent,
  follow,
  makeSurface,
  type Surface,
  type SurfaceGrid,
  surfaceGrid,
} from "steepest/surface";
import { heavyBallRate } from "steepest/tune";
import { DOMAIN, STEPS } from "./facts.ts";

export interface Ball {
  readonly lr: number;
  readonly beta: number;
}

export interface Request extends Ball {
  readonly kappa: number;
  readonly from: readonly [number, number];
}

export interface Walked extends Ball {
  readonly name: "yours" | "plain" | "average" | "best";
  readonly points: Float64Array;
  readonly losses: readonly number[];
}

export interface Seen {
  readonly walks: readonly Walked[];
  /** Factor per step in the long run along the flat and the steep direction. */
  readonly factors: readonly [flat: number, steep: number];
  /** Largest stable rate in PyTorch's form, and in the averaging one. */
  readonly limits: { readonly torch: number; readonly average: number };
  /** The quickest rate and memory for this κ, and their factor. */
  readonly best: Ball & { readonly factor: number };
  /** Largest distance between the path of the averaging form at η/(1−β) and PyTorch's, relative to its size. */
  readonly apart: number;
}

let bowl: { kappa: number; surface: Surface } | undefined;
const surfaceOf = (kappa: number): Surface => {
  if (bowl?.kappa !== kappa) bowl = { kappa, surface: makeSurface("ravine", { kappa }) };
  return bowl.surface;
};

export const grid = (kappa: number): SurfaceGrid => surfaceGrid(surfaceOf(kappa), DOMAIN);

// compiled once for each κ and β; a new rate or start needs no new program
const descents = new Map<string, Descent>();

function path(name: "torch" | "average", { lr, beta, kappa, from }: Request): Omit<Walked, "name"> {
  const key = [name, beta, kappa].join();
  const surface = surfaceOf(kappa);
  const optimizer = name === "average" ? { name: "ema-momentum", beta } : { name: "sgd", momentum: beta };
  const rate = name === "average" ? lr / (1 - beta) : lr;
  const options = { surface, optimizer, from, lr: rate, steps: STEPS };
  if (descents.size > 12) descents.clear();
  const descent = descents.get(key) ?? createDescent(options);
  descents.set(key, descent);
  descent.reset({ from, lr: rate });
  const { points, losses } = follow(descent, options);
  return { lr: rate, beta, points: Float64Array.from(points.flat()), losses };
}

const limit = (name: string, options: Record<string, number>, L: number): number =>
  findOptimizer(name).stabilityLimit!.limit(
    { ...Object.fromEntries(findOptimizer(name).options.map((o) => [o.name, o.default])), ...options },
    L,
  );

export function walk(asked: Request): Seen {
  const { kappa, lr, beta } = asked;
  const quickest = heavyBall(1, kappa);
  const best = { lr: quickest.lr, beta: quickest.momentum };
  const walks: Walked[] = [
    { name: "best", ...path("torch", { ...asked, ...best }) },
    { name: "plain", ...path("torch", { ...asked, beta: 0 }) },
    { name: "average", ...path("average", asked) },
    { name: "yours", ...path("torch", asked) },
  ];
  const [, , average, yours] = walks;
  const size = yours!.points.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  const far = yours!.points.reduce((max, v, i) => Math.max(max, Math.abs(v - average!.points[i]!)), 0);
  return {
    walks,
    factors: [heavyBallRate({ lr, beta, L: 1, mu: 1 }), heavyBallRate({ lr, beta, L: kappa, mu: kappa })],
    limits: {
      torch: limit("sgd", { momentum: beta }, kappa),
      average: limit("ema-momentum", { beta }, kappa),
    },
    best: { ...best, factor: heavyBallRate({ ...best, L: kappa, mu: 1 }) },
    apart: far / size,
  };
}

export interface Race {
  readonly kappa: number;
  readonly goal: number;
  /** Null: not within `most`. */
  readonly steps: {
    readonly plain: number | null;
    readonly best: number | null;
    readonly yours: number | null;
  };
  readonly maxSteps: number;
}

/** Steps until a millionth of the loss is left, from (1, 1, 1) with curvatures 1, √κ and κ. */
export async function race({ kappa, lr, beta }: Ball & { readonly kappa: number }): Promise<Race> {
  const axes = spread(kappa);
  const share = 1e-6;
  const goal = (share * axes.reduce((a, b) => a + b)) / 2;
  const maxSteps = Math.max(200, Math.ceil(20 * kappa));
  const count = (optimizer: ReturnType<typeof sgd>): Promise<number | null> =>
    stepsUntil(axisAligned({ backend: wasm }, axes, optimizer), (r) => r.loss <= goal, { maxSteps });
  return {
    kappa,
    goal: share,
    maxSteps,
    steps: {
      plain: await count(sgd({ lr: descentRate(1, kappa) })),
      best: await count(sgd(heavyBall(1, kappa))),
      yours: await count(sgd({ lr, momentum: beta })),
    },
  };
}
