/**
 * A run file's trainings as the search continues them, all on one compiled step. A training in pieces is bit for bit one
 * in one piece. The schedule is cut off where a training ends.
 */
import { mean } from "../../run/mean.ts";
import type { BuiltRun } from "../../train/build.ts";
import { hasLearnt, scoreOf } from "../search/score.ts";
import type { Trial, Trials } from "../search/trial.ts";
import type { ConstantScores } from "./constant-predictor.ts";
import type { RunStepper } from "./run-stepper.ts";
import type { SchedulePeak } from "./schedule-peak.ts";
import { type SharedStep, shareStep } from "./shared-step.ts";

/** What a rate is good for: the loss of held-out rows, or that of the rows it learns from. */
export type Purpose = "validation" | "training";

export interface Scores {
  /** Mean loss of the last fifth of the steps. */
  readonly training: number;
  /** Null where the run holds no rows out. */
  readonly validation: number | null;
}

export interface RunTrials extends Trials {
  /** The loss by which rates are compared so far. */
  readonly rankedBy: () => Purpose;
  /** Both scores of the first seed's training at this rate after so many steps; null where it was not measured there. */
  readonly scoresAt: (rate: number, steps: number) => Scores | null;
  /** The same at every number of steps at which it was measured, rising. */
  readonly courseOf: (rate: number) => readonly (readonly [steps: number, scores: Scores])[];
  /** Rates of the first seed's trainings. */
  readonly rates: () => readonly number[];
  /** Steps at rate 0, which tell what a training that learns nothing scores. */
  readonly referenceSteps: () => number;
}

export interface RunTrialsOptions {
  readonly purpose: Purpose;
  /** Losses of the best constant answer; null where they are not known. */
  readonly constants?: ConstantScores | null | undefined;
  /** The schedule, as a factor on the rate of a training. */
  readonly at: SchedulePeak["at"];
  readonly stepper: RunStepper;
  /** Awaited after every step. */
  readonly onStep?: (() => Promise<void> | undefined) | undefined;
}

/** Fewer steps than this say nothing about a rate. */
const SHORTEST = 12;
/** A training this many times as far above the untrained loss as that is from zero has died. */
const DEAD = 10;

/** A held-out loss this share above the constant answer's, with a training loss this share below, has learnt its rows by heart. */
const BY_HEART = 0.05;

export function runTrials(built: BuiltRun, options: RunTrialsOptions): RunTrials {
  const { totalSteps, spec } = built;
  const shared = shareStep(options.stepper);
  const ranking = createRanking(options);
  const context: Context = { built, shared, ranking, rest: createRest(built, shared, options), ...options };
  const started = new Map<number, RunTrial>();
  return {
    length: totalSteps,
    shortest: Math.min(SHORTEST, totalSteps),
    start: (rate, seed) => {
      const trial = createTrial(context, rate, seed);
      if (seed === spec.seed) started.set(rate, trial);
      return trial;
    },
    reference: async (steps) => {
      const { losses, validation } = await context.rest.until(steps);
      if (ranking.by() === "validation") return validation ?? Number.NaN;
      return scoreOf(losses, Math.min(steps, losses.length));
    },
    rankedBy: ranking.by,
    plateau: () => options.constants?.[ranking.by()] ?? null,
    scoresAt: (rate, steps) => started.get(rate)?.scoresAt(steps) ?? null,
    courseOf: (rate) => {
      const trial = started.get(rate);
      return (trial?.measured() ?? []).flatMap((steps) => {
        const scores = trial!.scoresAt(steps);
        return scores === null ? [] : [[steps, scores] as const];
      });
    },
    rates: () => [...started.keys()],
    referenceSteps: () => context.rest.steps(),
  };
}

/** What all trainings of a search share. */
interface Context extends Pick<RunTrialsOptions, "at" | "onStep"> {
  readonly built: BuiltRun;
  readonly shared: SharedStep;
  readonly ranking: Ranking;
  readonly rest: Rest;
}

/** By which loss rates are compared. */
interface Ranking {
  readonly by: () => Purpose;
  /** Takes note of a training's losses. */
  readonly observe: (training: number, validation: number) => void;
}

/**
 * Until some training has learnt what holds for held-out rows, or its own rows by heart, their loss is noise around the constant
 * answer's, and the training loss tells more.
 */
function createRanking({ purpose, constants }: RunTrialsOptions): Ranking {
  const heldOut = constants?.validation ?? null;
  let tells = heldOut === null;
  return {
    by: () => (tells ? purpose : "training"),
    observe: (training, validation) => {
      if (constants == null || heldOut === null) return;
      const byHeart = training < (1 - BY_HEART) * constants.training && validation > (1 + BY_HEART) * heldOut;
      if (byHeart || hasLearnt(validation, heldOut)) tells = true;
    },
  };
}

/** The losses of a training at rate 0, which learns nothing. */
interface Rest {
  /** Makes as many steps as a score after `steps` needs; a small share of a training is enough. */
  readonly until: (steps: number) => Promise<AtRest>;
  readonly steps: () => number;
  /** A training whose score is above this has died. */
  readonly limit: () => number;
}

interface AtRest {
  readonly losses: readonly number[];
  readonly validation: number | null;
}

function createRest(built: BuiltRun, shared: SharedStep, { at, onStep }: RunTrialsOptions): Rest {
  let measured: AtRest | null = null;
  const measure = async (steps: number): Promise<AtRest> => {
    const training = shared.training(built.spec.seed);
    training.enter();
    const validation = validationLoss(built);
    const losses: number[] = [];
    while (losses.length < steps) {
      losses.push(training.step(0, at(losses.length).momentum));
      await onStep?.();
    }
    training.release();
    return { losses, validation };
  };
  return {
    until: async (steps) => {
      const maxSteps = Math.min(steps, Math.max(SHORTEST, Math.ceil(built.totalSteps / 32)));
      if (measured === null || measured.losses.length < maxSteps) measured = await measure(maxSteps);
      return measured;
    },
    steps: () => measured?.losses.length ?? 0,
    limit: () => {
      if (measured === null) return Number.POSITIVE_INFINITY;
      const level = mean(measured.losses);
      return level + (DEAD - 1) * Math.max(Math.abs(level), Math.max(...measured.losses) - level);
    },
  };
}

const validationLoss = (built: BuiltRun): number | null => built.evaluate("validation")?.["loss"] ?? null;

interface RunTrial extends Trial {
  readonly scoresAt: (steps: number) => Scores | null;
  readonly measured: () => readonly number[];
}

function createTrial(context: Context, rate: number, seed: number): RunTrial {
  const { built, shared, ranking, rest, at, onStep } = context;
  const validates = built.data.validation !== undefined;
  const training = shared.training(seed);
  const losses: number[] = [];
  const evaluated = new Map<number, number | null>();
  let dead = false;

  const go = async (to: number): Promise<void> => {
    training.enter();
    while (training.position < to && !dead) {
      const { factor, momentum } = at(training.position);
      const loss = training.step(rate * factor, momentum);
      losses.push(loss);
      if (!Number.isFinite(loss)) dead = true;
      await onStep?.();
    }
    if (!dead && scoreOf(losses) > rest.limit()) dead = true;
    const held = dead ? null : validationLoss(built);
    if (held !== null && !Number.isFinite(held)) dead = true;
    if (held !== null) ranking.observe(scoreOf(losses), held);
    evaluated.set(training.position, held);
  };
  const scoresAt = (steps: number): Scores | null => {
    if (dead) {
      const lost = Number.POSITIVE_INFINITY;
      return { training: lost, validation: validates ? lost : null };
    }
    const validation = evaluated.get(steps);
    return validation === undefined ? null : { training: scoreOf(losses, steps), validation };
  };
  return {
    rate,
    seed,
    get steps() {
      return training.position;
    },
    get ended() {
      return training.position >= built.totalSteps;
    },
    advance: (steps) => shared.inTurn(() => go(Math.min(steps, built.totalSteps))),
    scoresAt,
    measured: () => [...evaluated.keys()],
    scoreAt: (steps) => scoresAt(steps)?.[ranking.by()] ?? Number.POSITIVE_INFINITY,
    release: training.release,
  };
}
