/**
 * Finds a run's learning rate by the search over trainings (src/tune/search): parts of the run itself at rates a factor
 * of two apart, of which the best are continued. Answers with how sure it is, or says why there is no rate.
 */

import { SteepestError } from "../../run/errors.ts";
import { type LongWork, nullWhenAborted, takeTurns } from "../../run/long-work.ts";
import type { BuiltRun } from "../../train/build.ts";
import { searchRate } from "../search/search.ts";
import type { SearchResult } from "../search/verdict.ts";
import { type ConstantScores, constantScores } from "./constant-predictor.ts";
import { type CurvatureAnswer, curvatureAnswer, curvatureCost } from "./curvature.ts";
import { type Judged, judgeSearch, withCurvature } from "./judge.ts";
import { overfittingFactor } from "./overfitting.ts";
import { finite, noPicture, type Picture, picture } from "./picture.ts";
import { runStepper } from "./run-stepper.ts";
import { type Purpose, type RunTrials, runTrials } from "./run-trials.ts";
import { scheduleOfParts, schedulePeak } from "./schedule-peak.ts";
import type { FindLrResult } from "./types.ts";

/** Where a search for the rate stands. */
export interface FindLrProgress {
  /** Steps made so far, and how many there will be at most. */
  readonly steps: number;
  readonly expected: number;
  /** What is being tried, and why. */
  readonly text: string;
}

/** Options of `findLr`. */
export interface FindLrOptions extends LongWork<FindLrProgress> {
  /** Which loss the rate is to make small. Default: that of held-out rows where the run has some, else the training loss. */
  readonly for?: Purpose | undefined;
  /** What may be spent, in trainings of the run. Default: `usualBudget`. */
  readonly budget?: number | undefined;
  /** Seeds for the best rates, as far as the budget allows. Default 1, and a second look at the best if that can be paid. */
  readonly seeds?: number | undefined;
  /** Rates beyond these are not tried. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Make the range test too, for the picture and other tools' rules. Default: where it costs at most a tenth of the run. */
  readonly sweep?: boolean | undefined;
  /** Rates of the range test. Default 250. */
  readonly iterations?: number | undefined;
  /** Ask the curvature too. Default: where it costs at most a tenth of the run. */
  readonly curvature?: boolean | undefined;
}

/** Held-out rows are few, and which they are is chance: the interval is this much wider (docs/find-lr.md measures it). */
const HELD_OUT_WIDER = 2;
const DEFAULT_ITERATIONS = 250;
/** What is cheap costs at most this share of the run. */
const CHEAP = 1 / 10;
/** Milliseconds between two pauses. */
const SLICE = 30;
/** Runs of this many steps and fewer may cost the first number of trainings, of this many and more the second. */
const BUDGETS = { short: [300, 4], long: [1000, 1.5] } as const;

/** Trainings that a search may cost: 4 for runs of 300 steps, 1.5 from 1,000, and between them along the logarithm. */
export function usualBudget(steps: number): number {
  const { short, long } = BUDGETS;
  const share = Math.log(steps / short[0]) / Math.log(long[0] / short[0]);
  return short[1] + Math.min(1, Math.max(0, share)) * (long[1] - short[1]);
}

/** The run is left as it was found, to the last bit. Null when aborted. */
export async function findLr(run: BuiltRun, options: FindLrOptions = {}): Promise<FindLrResult | null> {
  const stepper = runStepper(run);
  try {
    return await nullWhenAborted(options.signal, () => search(run, stepper, options));
  } finally {
    stepper.restore();
  }
}

type Stepper = ReturnType<typeof runStepper>;

async function search(run: BuiltRun, stepper: Stepper, options: FindLrOptions): Promise<FindLrResult> {
  const { totalSteps, spec } = run;
  const { iterations = DEFAULT_ITERATIONS, budget = usualBudget(totalSteps) } = options;
  const holdsOut = run.data.validation !== undefined;
  const purpose = options.for ?? (holdsOut ? "validation" : "training");
  if (purpose === "validation" && !holdsOut) {
    throw new SteepestError("option", "the run holds no rows out, so there is no held-out loss to look at", {
      help: "hold some out (--validation 0.1), or ask for the training loss (--for training)",
    });
  }
  const peak = schedulePeak(run);
  const parts = scheduleOfParts(peak, { totalSteps, budget });
  const sweeps = options.sweep ?? iterations <= CHEAP * totalSteps;
  const asks = options.curvature ?? curvatureCost(run.plan.batchSize) <= CHEAP * totalSteps;

  let [steps, text] = [0, "the loss without training"];
  const expected = Math.ceil(budget * totalSteps) + (sweeps ? iterations : 0);
  const turn = takeTurns(options, SLICE);
  const onStep = (): Promise<void> | undefined => {
    steps++;
    return turn(() => ({ steps, expected: Math.max(steps, expected), text }));
  };
  const constants = constantScores(run);
  const trials = runTrials(run, { purpose, constants, at: parts, stepper, onStep });
  const searched = await searchRate(trials, {
    first: Math.max(options.from ?? 0, Math.min(options.to ?? Number.POSITIVE_INFINITY, run.lr)),
    seed: spec.seed,
    budget,
    seeds: options.seeds,
    secondLook: true,
    lowest: options.from,
    highest: options.to,
    signal: options.signal,
    clock: options.clock,
    onProgress: (at) => {
      text = at.text;
    },
  });
  const factor =
    trials.rankedBy() === "validation" ? overfittingFactor(searched, trials, { whole: peak.at, parts }) : 1;
  const result = scaled(searched, factor, purpose === "validation" ? HELD_OUT_WIDER : 1);
  let judged = judgeSearch(result, trials, {
    purpose,
    constants,
    totalSteps,
    budget,
    factor,
    from: options.from,
  });
  let curve = noPicture;
  if (sweeps) {
    text = "range test, for the picture";
    curve = await picture(stepper, { seed: spec.seed, iterations, momentum: peak.momentum, onStep });
  }
  let answer: CurvatureAnswer = { limit: null, curvature: null, note: "not asked" };
  if (asks && judged.suggestion !== null) {
    text = "curvature";
    const { suggestion: rate } = judged;
    answer = await curvatureAnswer(run, stepper, {
      rate,
      steps: trials.shortest,
      seed: spec.seed,
      peak,
      onStep,
    });
    judged = withCurvature(judged, answer);
  }
  return record(result, trials, {
    judged,
    curve,
    answer,
    purpose,
    budget,
    constants,
    scheduleFactor: peak.factor,
    steps,
    seed: spec.seed,
  });
}

/** The rate lower by a factor, and the interval wider on both sides by another. */
function scaled(result: SearchResult, factor: number, wider: number): SearchResult {
  const { rate, interval, plateau } = result;
  if (rate === null || interval === null || plateau === null) return result;
  return {
    ...result,
    rate: rate * factor,
    interval: [(interval[0] * factor) / wider, interval[1] * wider],
    plateau: [plateau[0] * factor, plateau[1] * factor],
  };
}

interface Parts extends Pick<FindLrResult, "budget" | "scheduleFactor" | "steps"> {
  readonly judged: Judged;
  readonly curve: Picture;
  readonly answer: CurvatureAnswer;
  readonly purpose: Purpose;
  readonly constants: ConstantScores | null;
  readonly seed: number;
}

function record(
  result: SearchResult,
  trials: RunTrials,
  {
    judged,
    curve: { losses, ...curve },
    answer,
    purpose,
    budget,
    constants,
    scheduleFactor,
    steps,
    seed,
  }: Parts,
): FindLrResult {
  const { limit, curvature, note } = answer;
  const seeds = Math.max(1, ...result.rates.map((r) => r.scores.length));
  return {
    schema: "steepest.find-lr/1",
    ...judged,
    for: purpose,
    edge: result.edge,
    fragile: result.fragile,
    budget,
    cost: (result.paid + trials.referenceSteps()) / trials.length,
    trials: result.rates.map(({ rate, steps: made, died }) => {
      const scores = trials.scoresAt(rate, result.steps);
      return {
        lr: rate,
        steps: made,
        died,
        training: scores && finite(scores.training),
        validation: finite(scores?.validation ?? Number.NaN),
      };
    }),
    reference: finite(result.reference),
    constant: constants?.[purpose] ?? null,
    curvatureLimit: limit,
    curvature,
    curvatureNote: note,
    scheduleFactor,
    shortRuns: {
      steps: result.steps,
      runs: result.rates
        .filter((r) => r.scores.length > 0)
        .map(({ rate, scores }) => ({ lr: rate, losses: scores.map(finite) })),
    },
    ...curve,
    seeds: Array.from({ length: seeds }, (_, i) => ({ seed: seed + i, losses: i === 0 ? losses : [] })),
    steps,
  };
}
