import type { Objective, Point } from "./objective.ts";
import { fixedStep, type LineSearch } from "./search.ts";
import { along, dot, largest, minus, scaled, sumAbs } from "./vector.ts";

/** Options of `lbfgsStepper`, named and set as those of PyTorch's `LBFGS`. */
export interface LbfgsStepperOptions {
  readonly lr?: number;
  /** Iterations of one call of `step`. */
  readonly maxIter?: number;
  /** Evaluations of one call after which it stops (default 1.25·maxIter). */
  readonly maxEval?: number;
  readonly historySize?: number;
  readonly toleranceGrad?: number;
  readonly toleranceChange?: number;
  readonly lineSearch?: LineSearch | null;
}

/** Steps an objective from a point; keeps its memory between calls, as PyTorch's closure-driven L-BFGS. */
export interface Stepper {
  readonly step: (
    objective: Objective,
    x: Float64Array,
  ) => { readonly x: Float64Array; readonly evaluations: number };
}

/** The pairs an L-BFGS has seen, oldest first, and the directions they give. */
export function lbfgsMemory(historySize: number): {
  readonly add: (s: Float64Array, y: Float64Array) => void;
  readonly direction: (gradient: Float64Array) => Float64Array;
} {
  const pairs: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  let gamma = 1;
  return {
    /** Pairs along which the gradient hardly grows are left out: they would make H indefinite. */
    add: (s, y) => {
      const ys = dot(y, s);
      if (!(ys > 1e-10)) return;
      if (pairs.length === historySize) pairs.shift();
      pairs.push({ s, y, rho: 1 / ys });
      gamma = ys / dot(y, y);
    },
    direction: (gradient) => {
      let q = scaled(gradient, -1);
      const alphas: number[] = [];
      for (let i = pairs.length - 1; i >= 0; i--) {
        const { s, y, rho } = pairs[i]!;
        alphas[i] = dot(s, q) * rho;
        q = along(q, -alphas[i]!, y);
      }
      let d = scaled(q, gamma);
      pairs.forEach(({ s, y, rho }, i) => {
        d = along(d, alphas[i]! - dot(y, d) * rho, s);
      });
      return d;
    },
  };
}

/** L-BFGS whose `step` makes up to maxIter iterations, with PyTorch's stopping rules (Liu & Nocedal 1989). */
export function lbfgsStepper({
  lr = 1,
  maxIter = 20,
  maxEval = Math.floor((maxIter * 5) / 4),
  historySize = 100,
  toleranceGrad = 1e-7,
  toleranceChange = 1e-9,
  lineSearch = null,
}: LbfgsStepperOptions = {}): Stepper {
  const memory = lbfgsMemory(historySize);
  let last: { gradient: Float64Array; s: Float64Array } | null = null;
  return {
    step: (objective, start) => {
      let point: Point = objective.evaluate(start);
      let evaluations = 1;
      if (largest(point.gradient) <= toleranceGrad) return { x: point.x, evaluations };
      for (let iteration = 1; ; iteration++) {
        if (last !== null) memory.add(last.s, minus(point.gradient, last.gradient));
        const d = memory.direction(point.gradient);
        let t = last === null ? Math.min(1, 1 / sumAbs(point.gradient)) * lr : lr;
        const before = point;
        last = { gradient: point.gradient, s: scaled(d, t) };
        if (dot(point.gradient, d) > -toleranceChange) break;
        if (lineSearch === null && iteration === maxIter) return { x: along(point.x, t, d), evaluations };
        const found = (lineSearch ?? fixedStep)(objective, point, d, t);
        ({ t, point } = found);
        evaluations += found.evaluations;
        last = { gradient: before.gradient, s: scaled(d, t) };
        const done =
          iteration === maxIter ||
          evaluations >= maxEval ||
          largest(point.gradient) <= toleranceGrad ||
          largest(last.s) <= toleranceChange ||
          Math.abs(point.value - before.value) < toleranceChange;
        if (done) break;
      }
      return { x: point.x, evaluations };
    },
  };
}
