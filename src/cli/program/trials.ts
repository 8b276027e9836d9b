/** Trainings of a program as the search sees them: one scale, one start, each in a folder of its own. */

import { join } from "node:path";
import { SteepestError } from "../../run/errors.ts";
import { systemClock } from "../../run/long-work.ts";
import { mean } from "../../run/mean.ts";
import type { Purpose } from "../../tune/find-lr/run-trials.ts";
import type { Trial, Trials } from "../../tune/search/trial.ts";
import { type Curve, heldOutScore, type Scale, scaleOf, scoreOf, stepsOf, windowOf } from "./curve.ts";
import { distanceBelow, noiseOf } from "./evidence.ts";
import type { FoundLoss } from "./loss-source.ts";
import { createRanking, type Ranking } from "./ranking.ts";
import type { Slots } from "./slots.ts";
import { type Blanks, mentions } from "./template.ts";
import { createProgramTrial, OUTPUT, type ProgramTrial, type ProgramTrialOptions } from "./trial.ts";

export interface ProgramTrialsOptions
  extends Pick<ProgramTrialOptions, "template" | "paths" | "loss" | "step" | "gpus" | "pausing" | "signal"> {
  /** The trials' folders are made in it. */
  readonly root: string;
  readonly slots: Slots;
  /** Steps of the log after which a trial is long enough; default: the program's own end. */
  readonly steps: number | undefined;
  /** Other blanks of the template, the same for all trials. */
  readonly blanks?: Blanks | undefined;
  /** What rates are compared by. Default: the held-out loss, where the program logs one that tells something. */
  readonly purpose?: Purpose | undefined;
  /** What a search before has compared by: it is so here. */
  readonly judgedBy?: Purpose | undefined;
}

/** A training, by the name of its folder. */
export interface Known {
  readonly name: string;
  readonly rate: number;
  readonly seed: number;
  readonly trial: ProgramTrial;
}

export interface ProgramTrials extends Trials {
  readonly scale: Scale;
  /** What is compared after so many steps. */
  readonly by: (steps: number) => Purpose;
  /** Where the loss was found. */
  readonly found: FoundLoss | null;
  /** The rate of the first training that went well. */
  readonly first: number;
  /** All trainings so far. */
  readonly all: () => readonly Known[];
  /** The first training ended by itself before the steps that were asked for. */
  readonly endedEarly: boolean;
  /** Ends every program that still runs or sleeps. */
  readonly close: () => Promise<void>;
}

/** Looks at a trial: milliseconds between two, and how many a training gets. */
const POLL_MS = { first: 60, min: 4, max: 250, each: 100 } as const;
/** A training that is over sooner may have ended before it can be paused, which then costs next to nothing. */
const QUICK_MS = 2000;
/** So many losses say where trainings begin. */
const FIRST_LOSSES = 20;
/** Points below which a score says nothing. */
const MIN_POINTS = 4;
/** How often, and by how much, a first training that dies is tried again lower. */
const TRIES = 6;
const LOWER = 8;

/**
 * Runs the first training to its end, so that the length, the loss and where it starts are known.
 * @throws SteepestError when the program fails, or when no loss is found in what it logs.
 */
export async function createProgramTrials(
  options: ProgramTrialsOptions,
  { rate: wanted, seed: firstSeed }: { rate: number; seed: number },
): Promise<ProgramTrials> {
  const made = new Map<string, Known>();
  let found: FoundLoss | null = null;
  let pollMs: number = POLL_MS.first;
  const make = (rate: number, seed: number): ProgramTrial => {
    const name = trialName(rate, seed);
    const known = made.get(name);
    if (known !== undefined) return known.trial;
    const { steps, blanks = {}, root } = options;
    const trial = createProgramTrial({
      ...options,
      blanks: { ...blanks, lr: rate, seed, ...(steps !== undefined && { steps }) },
      folder: join(root, name),
      like: () => found ?? undefined,
      pollMs: () => pollMs,
    });
    made.set(name, { name, rate, seed, trial });
    return trial;
  };
  const close = async (): Promise<void> => {
    await Promise.all([...made.values()].map(({ trial }) => trial.release()));
  };
  try {
    const { rate, trial, ms } = await firstTraining(make, options, { rate: wanted, seed: firstSeed });
    // a trial is paused at the first look after the steps that were asked for: a short training is looked at often
    pollMs = Math.min(POLL_MS.max, Math.max(POLL_MS.min, ms / POLL_MS.each));
    found = trial.found();
    const curve = trial.curve();
    const scale = scaleOf(curve, found?.log.stepUnit ?? "step");
    const length = Math.min(stepsOf(curve, scale), options.steps ?? Number.POSITIVE_INFINITY);
    const all = (): Known[] => [...made.values()];
    const highest = (): number => highestOf(all());
    const { purpose = "validation", judgedBy } = options;
    const ranking = createRanking({
      purpose,
      judgedBy,
      evaluations: (curve.heldOut?.steps ?? []).map((step) => step - scale.origin),
      curves: () => all().map((t) => t.trial.curve()),
      start: () => startOf(all()),
    });
    return {
      scale,
      by: ranking.by,
      found,
      first: rate,
      all,
      close,
      endedEarly: options.steps !== undefined && stepsOf(curve, scale) < options.steps,
      length,
      shortest: Math.min(length, MIN_POINTS * scale.interval),
      reference: () => startOf(all()),
      evidence: (at, steps) => evidenceOf(all(), at, { scale, steps }),
      start: (at, seed) => {
        const own = make(at, seed);
        // the first training was to run to its end
        const overruns = options.pausing === "stop" && ms < QUICK_MS && own !== trial;
        return asTrial(own, { rate: at, seed, scale, ranking, highest, overruns });
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** As a folder is named. */
export const trialName = (rate: number, seed: number): string =>
  `lr-${Number(rate.toPrecision(4))}-seed-${seed}`;

interface Start {
  readonly rate: number;
  readonly seed: number;
}

/** The first training that lives to its end. */
async function firstTraining(
  make: (rate: number, seed: number) => ProgramTrial,
  { signal, steps, loss }: ProgramTrialsOptions,
  { rate: wanted, seed }: Start,
): Promise<{ rate: number; trial: ProgramTrial; ms: number }> {
  let rate = wanted;
  for (let tries = 1; ; tries++) {
    const trial = make(rate, seed);
    const begun = systemClock.now();
    await trial.runUntil((curve) => longEnough(curve, steps) || lost(curve));
    signal.throwIfAborted();
    const { steps: points } = trial.curve();
    const ending = trial.ending();
    if (points.length === 0 && ending?.code === 0) throw noLoss(trial, loss);
    const failed = ending !== null && ending.code !== 0;
    if (!failed && points.length >= MIN_POINTS && !lost(trial.curve()))
      return { rate, trial, ms: systemClock.now() - begun };
    if (points.length < MIN_POINTS && !failed && !lost(trial.curve())) throw tooFew(trial, points.length);
    await trial.release();
    // what fails before its first loss fails at any rate
    if ((failed && points.length === 0) || tries === TRIES) throw allFailed(trial, rate);
    rate /= LOWER;
  }
}

export const longEnough = ({ steps }: Curve, wanted: number | undefined): boolean =>
  wanted !== undefined && steps.length > 1 && steps.at(-1)! - steps[0]! >= wanted;

/** Before there is a scale: not finite, or far above the first loss. */
export function lost({ losses }: Curve): boolean {
  const start = losses[0];
  const last = losses.at(-1);
  if (start === undefined || last === undefined) return false;
  return losses.some((x) => !Number.isFinite(x)) || last > start + 10 * Math.abs(start);
}

/** The training at the lowest rate that has logged a finite loss. */
function lowestOf(all: readonly Known[]): Known | undefined {
  const alive = all.filter(({ trial }) => Number.isFinite(trial.curve().losses[0]));
  return alive.reduce<Known | undefined>((a, b) => (a === undefined || b.rate < a.rate ? b : a), undefined);
}

/** Where trainings begin: the first losses of the lowest rate, the nearest that there is to a training that learns nothing. */
const firstLosses = (all: readonly Known[]): readonly number[] => {
  const losses = lowestOf(all)?.trial.curve().losses ?? [];
  return losses.slice(0, Math.min(FIRST_LOSSES, Math.ceil(losses.length / 4)));
};

function startOf(all: readonly Known[]): number {
  const first = firstLosses(all).filter(Number.isFinite);
  return mean(first);
}

/** No training is lost at a loss that it begins at: where losses fall fast, the first one lies far above the mean of the first. */
const highestOf = (all: readonly Known[]): number => Math.max(...firstLosses(all).filter(Number.isFinite));

/** How far the losses that make a rate's score lie below those, in standard deviations. */
function evidenceOf(
  all: readonly Known[],
  rate: number,
  { scale, steps }: { scale: Scale; steps: number },
): number {
  const lowest = lowestOf(all);
  const scored = all.filter((t) => t.rate === rate).map(({ trial }) => windowOf(trial.curve(), scale, steps));
  const noise = lowest === undefined ? 0 : noiseOf(lowest.trial.curve());
  return distanceBelow(firstLosses(all), scored.flat(), noise);
}

interface AsTrial extends Start {
  readonly scale: Scale;
  readonly ranking: Ranking;
  /** Far above this a training is lost. */
  readonly highest: () => number;
  readonly overruns: boolean;
}

function asTrial(trial: ProgramTrial, { rate, seed, scale, ranking, highest, overruns }: AsTrial): Trial {
  const score = (steps: number): number => {
    const curve = trial.curve();
    const value = scoreOf(curve, scale, steps, highest());
    const ending = trial.ending();
    // a program that fails has not come so far, unless it had logged that much before
    const failed = ending !== null && ending.code !== 0 && stepsOf(curve, scale) < steps;
    if (failed || !Number.isFinite(value)) return Number.POSITIVE_INFINITY;
    return ranking.by(steps) === "validation" ? heldOutScore(curve, scale, steps) : value;
  };
  return {
    rate,
    seed,
    overruns,
    get steps() {
      return stepsOf(trial.curve(), scale);
    },
    get ended() {
      return trial.ending() !== null;
    },
    advance: (steps) =>
      trial.runUntil(
        (curve) =>
          (stepsOf(curve, scale) >= steps && ranking.isEvaluated(curve, scale, steps)) ||
          scoreOf(curve, scale, stepsOf(curve, scale), highest()) === Number.POSITIVE_INFINITY,
      ),
    scoreAt: score,
    release: () => void trial.release(),
  };
}

const LINES = 6;

function quoted(trial: ProgramTrial): string {
  const lines = trial.lastLines(LINES);
  return lines === "" ? "it printed nothing" : `it printed last:\n${lines.replace(/^/gm, "    ")}`;
}

export function allFailed(trial: ProgramTrial, rate: number): SteepestError {
  const ending = trial.ending();
  const how =
    ending === null || ending.code === 0
      ? `its loss ran away at every rate down to ${Number(rate.toPrecision(3))}`
      : `it ended with ${ending.code === null ? ending.signal : `exit code ${ending.code}`}`;
  return new SteepestError("program-failed", `the program fails: ${how}; ${quoted(trial)}`, {
    help: "run the command once by hand, with numbers for {lr} and {seed}",
  });
}

function tooFew(trial: ProgramTrial, points: number): SteepestError {
  return new SteepestError(
    "too-few-losses",
    `the first trial logged ${points === 1 ? "one loss" : `${points} losses`}, and ${MIN_POINTS} are needed; ${quoted(trial)}`,
    { help: "let it log more often, or train longer" },
  );
}

export function noLoss(trial: ProgramTrial, loss: string | undefined): SteepestError {
  const files = trial.files();
  const others = files.filter((file) => file !== OUTPUT);
  const looked =
    others.length === 0 ? "in what it printed" : `in what it printed and in ${others.join(", ")}`;
  return new SteepestError(
    "no-loss",
    `the first trial ended and no loss was found ${looked}; ${quoted(trial)}`,
    {
      help:
        loss === undefined
          ? "name the series with --loss, or the file with --log; {out} in the command is a folder that is looked into"
          : `no series is called ${loss}: leave --loss out to see what is found`,
    },
  );
}

/** Names the rate in the command, in a setting, or leaves it to the environment. */
export const namesRate = (options: Pick<ProgramTrialsOptions, "template">): boolean =>
  mentions(options.template, "lr");
