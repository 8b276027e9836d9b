import { SteepestError } from "../../run/errors.ts";
import { lbfgsMemory } from "./lbfgs.ts";
import type { Objective, Point } from "./objective.ts";
import { backtracking, fixedStep, type LineSearch, strongWolfe } from "./search.ts";
import { dot, largest, minus, scaled, sumAbs } from "./vector.ts";

/** Options of `minimize`. */
export interface MinimizeOptions {
  readonly method?: "gradient-descent" | "lbfgs";
  /** By name, or a search of your own. */
  readonly lineSearch?: "none" | "backtracking" | "strong-wolfe" | LineSearch;
  /** First step tried along each direction. */
  readonly lr?: number;
  readonly historySize?: number;
  readonly maxIterations?: number;
  /** Done when no entry of the gradient is larger. */
  readonly toleranceGrad?: number;
  /** Done when neither a weight nor the loss changes by more. */
  readonly toleranceChange?: number;
  /** Called after each iteration; false stops. */
  readonly onIteration?: (iteration: number, point: Point, step: number) => boolean | undefined;
}

/**
 * Where `minimize` ended, and why. `converged`: no entry of the gradient is above `toleranceGrad`.
 * `no-progress`: the search finds no lower point. `stopped`: the caller asked. `diverged`: the loss is no
 * longer finite.
 */
export interface MinimizeResult extends Point {
  readonly status: "converged" | "no-progress" | "max-iterations" | "stopped" | "diverged";
  readonly iterations: number;
  readonly evaluations: number;
}

const searches: Readonly<Record<string, LineSearch>> = {
  none: fixedStep,
  backtracking: backtracking(),
  "strong-wolfe": strongWolfe(),
};

/**
 * Full-batch minimisation driven from the host: direction, line search, test, until done. Returns the last point and
 * why it stopped: `converged` (gradient), `no-progress` (step or loss), `diverged` (loss not finite).
 */
export function minimize(
  objective: Objective,
  x0: Float64Array,
  {
    method = "lbfgs",
    lineSearch = "strong-wolfe",
    lr = 1,
    historySize = 10,
    maxIterations = 1000,
    toleranceGrad = 1e-7,
    toleranceChange = 1e-12,
    onIteration = () => undefined,
  }: MinimizeOptions = {},
): MinimizeResult {
  const search = typeof lineSearch === "function" ? lineSearch : searches[lineSearch];
  if (search === undefined) {
    throw new SteepestError("option", `minimize: lineSearch is ${JSON.stringify(lineSearch)}`, {
      help: `give one of ${Object.keys(searches).join(", ")} or a function`,
    });
  }
  if (x0.length !== objective.size) {
    throw new SteepestError("objective", `x0 has ${x0.length} values, the objective ${objective.size}`);
  }
  const memory = lbfgsMemory(historySize);
  let point = objective.evaluate(x0);
  let evaluations = 1;
  const end = (status: MinimizeResult["status"], iterations: number): MinimizeResult => ({
    ...point,
    status,
    iterations,
    evaluations,
  });
  for (let iteration = 0; ; iteration++) {
    if (!Number.isFinite(point.value)) return end("diverged", iteration);
    if (largest(point.gradient) <= toleranceGrad) return end("converged", iteration);
    if (iteration === maxIterations) return end("max-iterations", iteration);
    const d = method === "lbfgs" ? memory.direction(point.gradient) : scaled(point.gradient, -1);
    // before curvature is known, a step of length lr at most
    const t = method === "lbfgs" && iteration === 0 ? Math.min(1, 1 / sumAbs(point.gradient)) * lr : lr;
    if (dot(point.gradient, d) > -Number.MIN_VALUE) return end("no-progress", iteration);
    const step = search(objective, point, d, t);
    evaluations += step.evaluations;
    const before = point;
    point = step.point;
    memory.add(scaled(d, step.t), minus(point.gradient, before.gradient));
    if (onIteration(iteration + 1, point, step.t) === false) return end("stopped", iteration + 1);
    const moved = step.t * largest(d);
    if (moved <= toleranceChange && Math.abs(point.value - before.value) <= toleranceChange)
      return end("no-progress", iteration + 1);
  }
}
