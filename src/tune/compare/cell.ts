/** One cell of a comparison: one optimizer at one rate with one seed, trained by the loop that `train` uses. */

import type { Backend } from "../../engine/backend.ts";
import { NonFiniteError } from "../../run/errors.ts";
import { type LongWork, systemClock } from "../../run/long-work.ts";
import { mean } from "../../run/mean.ts";
import type { RunSpec } from "../../run/spec.ts";
import { type BuildHost, type BuiltRun, buildRun, type TrainProgress, train } from "../../train/index.ts";

/** Start, end and lowest point of one measure. */
export interface Course {
  /** Before the first step. */
  readonly start: number;
  /** Null where it became NaN or infinite. */
  readonly final: number | null;
  /** Null where nothing finite was seen. */
  readonly best: number | null;
  /** Updates made until then. */
  readonly bestStep: number;
}

/**
 * How a cell ended. `non-finite`: loss or gradient became NaN or infinite. `risen`: the training loss ended above where
 * it began, by more than a hundredth. `overfitted`: only the validation loss did; the training went well, and its
 * validation loss counts like any other.
 */
export type CellStatus = "ok" | "non-finite" | "risen" | "overfitted";

/** One training of a comparison: one optimizer at one rate with one seed, and how its loss went. */
export interface Cell {
  /** Name, options and lr. */
  readonly optimizer: RunSpec["optimizer"];
  readonly seed: number;
  readonly status: CellStatus;
  /** Steps made; fewer than the budget where the run stopped at a non-finite number. */
  readonly steps: number;
  /** The end is the mean over the last `lossWindow` steps; the lowest too where batches differ. */
  readonly training: Course;
  readonly validation: Course | null;
  /** Each new low of what ranks: updates made until then, and the loss. At most 2,000, evenly thinned. */
  readonly lows: readonly (readonly [step: number, loss: number])[];
  /** Training time with evaluations, without building. */
  readonly seconds: number;
}

export interface CellTools extends LongWork<TrainProgress> {
  readonly host: BuildHost;
  readonly backend: Backend;
}

/** Validation points over the budget, at least: epochs may be longer than the budget. */
const EVALUATIONS = 20;
const MAX_LOWS = 2000;
/** A loss this share above its start has risen. */
const RISE = 0.01;

/**
 * Steps that a training loss is averaged over. Batches differ: one epoch, but not more than a twentieth of the run (or 10
 * steps). The whole data is one batch: a hundredth of the run, so that no single swing of an unstable run decides.
 */
export function lossWindow(totalSteps: number, stepsPerEpoch: number): number {
  if (stepsPerEpoch === 1) return Math.ceil(totalSteps / 100);
  return Math.min(totalSteps, stepsPerEpoch, Math.max(10, Math.ceil(totalSteps / 20)));
}

/** Null when aborted. A run that diverges is a result; anything else that fails is thrown. */
export async function runCell(
  run: RunSpec,
  { host, backend, clock = systemClock, ...work }: CellTools,
): Promise<Cell | null> {
  const built = await buildRun({ ...run, nonFinite: "stop" }, { host, backend });
  const watch = watchRun(built);
  const began = clock.now();
  let finite = true;
  try {
    const { status } = await train(watch.run, { ...work, clock });
    if (status === "interrupted") return null;
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    finite = false;
  }
  const { training, validation, lows, steps } = watch.end(finite);
  return {
    optimizer: run.optimizer,
    seed: run.seed,
    status: statusOf(training, validation),
    steps,
    training,
    validation,
    lows,
    seconds: (clock.now() - began) / 1000,
  };
}

function statusOf(training: Course, validation: Course | null): CellStatus {
  const above = ({ start, final }: Course): boolean => final! > start + RISE * Math.abs(start);
  if (training.final === null || validation?.final === null) return "non-finite";
  if (above(training)) return "risen";
  return validation !== null && above(validation) ? "overfitted" : "ok";
}

/** The run with its steps and evaluations listened to. */
function watchRun(built: BuiltRun): {
  readonly run: BuiltRun;
  readonly end: (finite: boolean) => Pick<Cell, "training" | "validation" | "lows" | "steps">;
} {
  const { totalSteps, plan } = built;
  const window = lossWindow(totalSteps, plan.stepsPerEpoch);
  const exact = plan.stepsPerEpoch === 1;
  const recent = new Float64Array(window);
  const training = followLows();
  const validation = followLows();
  const every = Math.max(1, Math.round(totalSteps / EVALUATIONS));
  let made = 0;
  let evaluated = { step: 0, values: built.evaluate("validation") };
  const validates = evaluated.values !== null;
  if (validates) validation.add(0, evaluated.values!["loss"]!);

  const evaluate: BuiltRun["evaluate"] = (part) => {
    if (part !== "validation" || !validates) return built.evaluate(part);
    if (evaluated.step !== made) {
      evaluated = { step: made, values: built.evaluate("validation") };
      validation.add(made, evaluated.values!["loss"]!);
    }
    return evaluated.values;
  };
  const advance: BuiltRun["advance"] = (k, lr, momentum) => {
    if (k % every === 0) evaluate("validation");
    const result = built.advance(k, lr, momentum);
    recent[k % window] = result.loss;
    made = k + 1;
    // the loss of step k is that of k updates; one of all rows is exact, one of a batch is noisy
    const smooth = made >= window ? mean(recent) : undefined;
    if (exact) training.add(k, result.loss, smooth);
    else if (smooth !== undefined) training.add(k, smooth);
    else if (made === 1) training.start(result.loss);
    return result;
  };
  return {
    run: { ...built, advance, evaluate },
    end: (finite) => {
      const ends = validates ? validation : training;
      return {
        training: training.course(finite),
        validation: validates ? validation.course(finite) : null,
        lows: ends.lows(),
        steps: made,
      };
    },
  };
}

function followLows(): {
  readonly start: (value: number) => void;
  /** `last` is what counts as the final value so far; default: the value itself. */
  readonly add: (step: number, value: number, last?: number) => void;
  readonly course: (finite: boolean) => Course;
  readonly lows: () => Cell["lows"];
} {
  let first: number | undefined;
  let last = Number.NaN;
  let best: [number, number] = [0, Number.POSITIVE_INFINITY];
  let kept: [number, number][] = [];
  let stride = 1;
  let count = 0;
  const start = (value: number): void => {
    first ??= value;
    last = value;
  };
  return {
    start,
    add: (step, value, smooth = value) => {
      start(value);
      last = smooth;
      if (!(value < best[1])) return;
      best = [step, value];
      if (count++ % stride !== 0) return;
      kept.push(best);
      if (kept.length < MAX_LOWS) return;
      kept = kept.filter((_, i) => i % 2 === 0);
      stride *= 2;
    },
    course: (finite) => ({
      start: first ?? Number.NaN,
      final: finite && Number.isFinite(last) ? last : null,
      best: Number.isFinite(best[1]) ? best[1] : null,
      bestStep: best[0],
    }),
    lows: () => (kept.at(-1) === best || kept.length === 0 ? kept : [...kept, best]),
  };
}
