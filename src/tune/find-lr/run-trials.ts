/**
 * A run file's trainings as the search continues them: one compiled step for all, whose state is swapped in and out, so
 * that a training in pieces is bit for bit one in one piece. The schedule is cut off where a training ends.
 */
import type { TypedArray } from "../../engine/graph/index.ts";
import type { BuiltRun } from "../../train/build.ts";
import type { Trial, Trials } from "../search/trial.ts";
import type { ConstantScores } from "./constant-predictor.ts";
import type { RunStepper } from "./run-stepper.ts";
import type { SchedulePeak } from "./schedule-peak.ts";

/** What a rate is good for: the loss of held-out rows, or that of the rows it learns from. */
export type Purpose = "validation" | "training";

export interface Scores {
  /** Mean loss of the last fifth of the steps. */
  readonly training: number;
  /** Null where the run holds no rows out. */
  readonly validation: number | null;
}

export interface RunTrials extends Trials {
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

/** Share of a training, at its end, whose losses are averaged. */
const TAIL = 1 / 5;
/** Fewer steps than this say nothing about a rate. */
const SHORTEST = 12;
/** A training this many times as far above the untrained loss as that is from zero has died. */
const DEAD = 10;

/** A held-out loss this share below the constant answer's has learnt something. */
const LEARNT = 0.03;

interface RunTrial extends Trial {
  readonly scoresAt: (steps: number) => Scores | null;
  readonly measured: () => readonly number[];
}

export function runTrials(
  built: BuiltRun,
  { purpose, constants = null, at, stepper, onStep }: RunTrialsOptions,
): RunTrials {
  const { totalSteps } = built;
  const constant = constants?.validation ?? null;
  const validates = built.data.validation !== undefined;
  const validationLoss = (): number | null => built.evaluate("validation")?.["loss"] ?? null;
  // until some training has learnt what holds for held-out rows, their loss is noise around the constant answer's, and
  // the training loss tells more
  let generalizes = constant === null;
  const ranks = (): Purpose => (generalizes ? purpose : "training");
  const started = new Map<number, RunTrial>();
  let active: { readonly store: () => void } | null = null;
  // one program serves all: they take turns, and none is left in the middle of a piece
  let queue: Promise<void> = Promise.resolve();
  let atRest: { readonly losses: number[]; readonly validation: number | null } | null = null;

  const reference = async (steps: number): Promise<number> => {
    const maxSteps = Math.min(steps, Math.max(SHORTEST, Math.ceil(totalSteps / 32)));
    if (atRest === null || atRest.losses.length < maxSteps) {
      active?.store();
      active = null;
      stepper.restart(built.spec.seed);
      const validation = validationLoss();
      const losses: number[] = [];
      for (let k = 0; k < maxSteps; k++) {
        losses.push(stepper.step(0, at(k).momentum));
        await onStep?.();
      }
      atRest = { losses, validation };
    }
    if (ranks() === "validation") return atRest.validation ?? Number.NaN;
    return tail(atRest.losses, Math.min(steps, atRest.losses.length));
  };
  const limit = (): number => {
    if (atRest === null) return Number.POSITIVE_INFINITY;
    const level = mean(atRest.losses);
    return level + (DEAD - 1) * Math.max(Math.abs(level), Math.max(...atRest.losses) - level);
  };

  const start = (rate: number, seed: number): RunTrial => {
    let state: readonly TypedArray[] | null = null;
    let position = 0;
    let dead = false;
    const losses: number[] = [];
    const evaluated = new Map<number, number | null>();
    const self = {
      store: () => {
        state = stepper.snapshot();
      },
    };
    const load = (): void => {
      if (active === self) return;
      active?.store();
      if (state === null) stepper.restart(seed);
      else stepper.resume(seed, position, state);
      active = self;
    };
    const go = async (to: number): Promise<void> => {
      load();
      while (position < to && !dead) {
        const { factor, momentum } = at(position);
        const loss = stepper.step(rate * factor, momentum);
        losses.push(loss);
        position++;
        if (!Number.isFinite(loss)) dead = true;
        await onStep?.();
      }
      if (!dead && tail(losses, position) > limit()) dead = true;
      const held = dead ? null : validationLoss();
      if (held !== null && !Number.isFinite(held)) dead = true;
      if (held !== null && constant !== null && held < (1 - LEARNT) * constant) generalizes = true;
      evaluated.set(position, held);
    };
    const scoresAt = (steps: number): Scores | null => {
      if (dead)
        return {
          training: Number.POSITIVE_INFINITY,
          validation: validates ? Number.POSITIVE_INFINITY : null,
        };
      const validation = evaluated.get(steps);
      return validation === undefined ? null : { training: tail(losses, steps), validation };
    };
    const trial: RunTrial = {
      rate,
      seed,
      get steps() {
        return position;
      },
      get ended() {
        return position >= totalSteps;
      },
      advance: (steps) => {
        queue = queue.then(() => go(Math.min(steps, totalSteps)));
        return queue;
      },
      scoresAt,
      measured: () => [...evaluated.keys()],
      scoreAt: (steps) => scoresAt(steps)?.[ranks()] ?? Number.POSITIVE_INFINITY,
      release: () => {
        state = null;
        if (active === self) active = null;
      },
    };
    if (seed === built.spec.seed) started.set(rate, trial);
    return trial;
  };
  return {
    length: totalSteps,
    shortest: Math.min(SHORTEST, totalSteps),
    start,
    reference,
    plateau: () => constants?.[ranks()] ?? null,
    scoresAt: (rate, steps) => started.get(rate)?.scoresAt(steps) ?? null,
    courseOf: (rate) => {
      const trial = started.get(rate);
      return (trial?.measured() ?? []).flatMap((steps) => {
        const scores = trial!.scoresAt(steps);
        return scores === null ? [] : [[steps, scores] as const];
      });
    },
    rates: () => [...started.keys()],
    referenceSteps: () => atRest?.losses.length ?? 0,
  };
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

/** Mean loss of the last fifth of the first `steps`. */
const tail = (losses: readonly number[], steps: number): number =>
  mean(losses.slice(Math.min(steps - 1, Math.floor((1 - TAIL) * steps)), steps));
