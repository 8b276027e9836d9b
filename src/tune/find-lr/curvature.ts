/** The limit that curvature sets: the optimizer's own rule at the largest eigenvalue of the Hessian it sees. */
import { lanczos, preconditioned } from "../../curvature/index.ts";
import { SteepestError } from "../../run/errors.ts";
import type { BuiltRun } from "../../train/build.ts";
import { type RunObjective, runObjective } from "../../train/objective.ts";
import { optimizerOf, preconditionerOf } from "../../train/preconditioner.ts";
import type { RunStepper } from "./run-stepper.ts";
import type { SchedulePeak } from "./schedule-peak.ts";
import type { CurvatureCheck } from "./types.ts";

export interface CurvatureOptions {
  /** The suggested rate, at which a short run is made before the curvature is asked again. */
  readonly rate: number;
  readonly steps: number;
  readonly seed: number;
  readonly peak: Pick<SchedulePeak, "at">;
  readonly onStep: () => Promise<void> | undefined;
}

export interface CurvatureAnswer {
  readonly limit: number | null;
  readonly curvature: CurvatureCheck | null;
  /** Why there is no limit. */
  readonly note: string | null;
}

/**
 * Steps of this run that asking costs: a product is about two gradients, and there are two times as many as needed once.
 */
export const curvatureCost = (batchSize: number): number => (4 * PRODUCTS * ROWS) / batchSize;

/** Enough rows and products for a limit that is good to some ten per cent. */
const ROWS = 256;
const PRODUCTS = 20;
const TOLERANCE = 0.02;

export async function curvatureAnswer(
  run: BuiltRun,
  stepper: RunStepper,
  options: CurvatureOptions,
): Promise<CurvatureAnswer> {
  const none = (note: string): CurvatureAnswer => ({ limit: null, curvature: null, note });
  try {
    // an optimizer of the user's own is no row of the table
    const { entry, options: settings } = optimizerOf(run);
    const rule = entry.stabilityLimit;
    if (rule === undefined) return none(`no stability limit is proved for ${entry.name}`);
    const objective = runObjective(run, { rows: ROWS });
    stepper.restart(options.seed);
    // before the first gradient a preconditioner is nothing
    const atStart = rule.preconditioner ? null : await sharpness(objective, null, options);
    for (let k = 0; k < options.steps; k++) {
      const { factor, momentum } = options.peak.at(k);
      stepper.step(options.rate * factor, momentum);
      await options.onStep();
    }
    const p = preconditionerOf(run, options.steps);
    if (rule.preconditioner !== undefined && p === null)
      return none(`${entry.name} has gathered no scale of its steps yet`);
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
  { seed, onStep }: CurvatureOptions,
): Promise<number> {
  objective.sync();
  const operator = p === null ? objective.hessian : preconditioned(objective.hessian, p);
  const { largest } = await lanczos(operator, {
    edges: "largest",
    tolerance: TOLERANCE,
    maxIterations: PRODUCTS,
    seed,
    onStep,
  });
  return largest.value;
}
