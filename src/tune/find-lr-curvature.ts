/** The limit that curvature sets: the optimizer's own rule at the largest eigenvalue of the Hessian it sees. */
import { lanczos, preconditioned } from "../curvature/index.ts";
import { optimizerEntry, resolveOptions } from "../optim/index.ts";
import { SteepestError } from "../run/errors.ts";
import type { BuiltRun } from "../train/build.ts";
import { type RunObjective, runObjective } from "../train/objective.ts";
import type { Squeezed } from "./find-lr-short-runs.ts";
import type { CurvatureCheck } from "./find-lr-types.ts";
import type { Trial } from "./range-test.ts";

export interface CurvatureOptions {
  /** The suggested rate, at which a short run is made before the curvature is asked again. */
  readonly rate: number;
  readonly steps: number;
  readonly seed: number;
  readonly schedule: Squeezed;
  readonly pulse: () => Promise<void> | undefined;
}

export interface CurvatureAnswer {
  readonly limit: number | null;
  readonly curvature: CurvatureCheck | null;
  /** Why there is no limit. */
  readonly note: string | null;
}

/** Enough rows and products for a limit that is good to some ten per cent. */
const ROWS = 256;
const PRODUCTS = 20;
const TOLERANCE = 0.02;

export async function curvatureAnswer(
  run: BuiltRun,
  trial: Trial,
  options: CurvatureOptions,
): Promise<CurvatureAnswer> {
  const { name, lr: _, ...given } = run.spec.optimizer;
  const entry = optimizerEntry(name);
  const none = (note: string): CurvatureAnswer => ({ limit: null, curvature: null, note });
  const rule = entry.stabilityLimit;
  if (rule === undefined) return none(`no stability limit is proved for ${name}`);
  const settings = resolveOptions(
    name,
    Object.fromEntries(entry.options.map(({ name: key, ...spec }) => [key, spec])),
    given,
  );
  try {
    const objective = runObjective(run, { rows: ROWS });
    trial.restart(options.seed);
    // before the first gradient a preconditioner is nothing
    const atStart = rule.preconditioner ? null : await sharpness(objective, null, options);
    for (let k = 0; k < options.steps; k++) {
      const { factor, momentum } = options.schedule((k + 0.5) / options.steps);
      trial.step(options.rate * factor, momentum);
      await options.pulse();
    }
    const p = rule.preconditioner
      ? diagonalOf(run, rule.preconditioner.slot(settings), rule.preconditioner.of(settings, options.steps))
      : null;
    const afterWarmUp = await sharpness(objective, p, options);
    if (!(afterWarmUp > 0)) return none("the loss curves nowhere upwards after a short run");
    return {
      limit: rule.limit(settings, afterWarmUp),
      curvature: { atStart, afterWarmUp, rule: rule.rule, rows: objective.rows },
      note: null,
    };
  } catch (error) {
    // a model without second derivatives, or a loss that is no number there: the rate does not depend on it
    if (error instanceof SteepestError) return none(error.message);
    throw error;
  }
}

async function sharpness(
  objective: RunObjective,
  p: Float64Array | null,
  { seed, pulse }: CurvatureOptions,
): Promise<number> {
  objective.sync();
  const operator = p === null ? objective.hessian : preconditioned(objective.hessian, p);
  const { largest } = await lanczos(operator, {
    edges: "largest",
    tolerance: TOLERANCE,
    most: PRODUCTS,
    seed,
    pulse,
  });
  return largest.value;
}

/** The preconditioner's diagonal in the parameters' order, from the tensors that the optimizer keeps of each. */
function diagonalOf({ step }: BuiltRun, slot: string, of: (kept: number) => number): Float64Array {
  const names = step.state.flatMap(({ name }) =>
    name.startsWith("param.") ? [name.slice("param.".length)] : [],
  );
  const kept = names.map(
    (name) => step.state.find((t) => t.name.startsWith("optimizer.") && t.name.endsWith(`.${slot}.${name}`))!,
  );
  return Float64Array.from(kept.flatMap(({ values }) => Array.from(values as ArrayLike<number>, of)));
}
