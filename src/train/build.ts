/** A run file as a program: settings → data → task → batches → compiled step. Every name and size is checked. */

import { type BatchPlan, batchPlan, type Dataset, loadData, lrFactor, rowCount } from "../data/index.ts";
import type { Backend, ProgramSpec } from "../engine/backend.ts";
import { countParams } from "../nn/index.ts";
import { findLoss } from "../nn/losses/index.ts";
import {
  type LearningRate,
  learningRateFromSpec,
  type RunLengths,
  scaledRate,
  stepScheduleFromSpec,
  withMomentum,
} from "../optim/schedules/index.ts";
import type { Transform } from "../optim/transform.ts";
import { SteepestError } from "../run/errors.ts";
import type { RunSpec } from "../run/spec.ts";
import { batchShapes, evaluator, stepper } from "./batches.ts";
import type { Feed } from "./feed.ts";
import { evalStep } from "./forward.ts";
import type { BuildHost } from "./host.ts";
import { type StepResult, type TrainStep, trainStep } from "./program.ts";
import { checkSettings, clippedOptimizer, momentumOf, ratesOf } from "./settings.ts";
import { type Task, taskOf } from "./task.ts";
import { type BatchShapes, type StepParts, traceStep } from "./trace.ts";
import { widthGroups } from "./width-rates.ts";

/** Model, loss and optimizer of a built run, and its batch's shapes: what a step is traced from. */
export interface BuiltParts extends Omit<StepParts, "batch"> {
  /** Shapes of a batch of so many rows. */
  readonly shapes: (rows: number) => BatchShapes;
}

/**
 * A run file made ready to train: data loaded, model and schedule made, its step compiled when it is first
 * asked for.
 */
export interface BuiltRun {
  /** The declaration with everything resolved: loss, batch size, lr, log interval. */
  readonly spec: RunSpec;
  readonly data: Dataset;
  readonly plan: BatchPlan;
  readonly totalSteps: number;
  readonly logEvery: number;
  /** Epochs between lines of validation in metrics.jsonl. */
  readonly validationLogEvery: number;
  /** The schedule at work: rate and momentum of each step. */
  readonly rate: LearningRate;
  /** Base learning rate. */
  readonly lr: number;
  /** Numbers that the model gives for one row or position. */
  readonly outputs: number;
  /** Number of trained values. */
  readonly parameters: number;
  readonly backend: string;
  /** What the step is made of, to trace or compile it in other ways: the loss alone, other batch sizes. */
  readonly parts: BuiltParts;
  readonly step: TrainStep;
  /** Where examples come in time: what has to be waited for before a step. */
  readonly feed?: Feed | undefined;
  /** Step k, from 0, on its own batch. Its result is overwritten by the next. */
  readonly advance: (k: number, lr: number, momentum?: number) => StepResult;
  /** Means over validation or test rows; null where there are none. */
  readonly evaluate: (part: "validation" | "test") => Readonly<Record<string, number>> | null;
  readonly notes: Readonly<Record<string, string | number>>;
}

const DEFAULT_BATCH = 64;
/** metrics.jsonl stays readable and the loop fast: by default it gets this many lines of steps at most, and of validations. */
const MAX_LINES = 20_000;

/** Chooses what makes a run's steps: `(step, runs) => chooseBackend("auto", { late: step, runs })` takes the faster one. */
export type ChooseLate = (step: ProgramSpec, runs: number) => Promise<Backend>;

/** What a run is built with. */
export interface BuildOptions {
  readonly host: BuildHost;
  readonly backend: Backend;
  /**
   * Chooses what makes the steps, which may be a device: the caller takes results by `step.results()` then and brings the
   * state by `step.pull()`. Not asked where batches grow or examples come in time. An epoch's last batch, where it is smaller,
   * is made by wasm: `pull` comes before it.
   */
  readonly late?: ChooseLate | undefined;
}

/** Throws a SteepestError for whatever of the run file, its data or its modules does not fit. */
export async function buildRun(declared: RunSpec, { host, backend, late }: BuildOptions): Promise<BuiltRun> {
  const { spec, optimizer: anyLength, lr } = checkSettings(declared, host.given);
  const { seed, dtype } = spec;
  const named = spec.loss !== undefined && "name" in spec.loss ? findLoss(String(spec.loss["name"])) : null;
  const data =
    host.given?.data ??
    (await loadData(spec.data, host, {
      dtype,
      validation: spec.validation,
      seed,
      targetKind: named?.target,
    }));
  const { model, loss, lossName, measures, logged, outputs, growingAxes } = await taskOf(spec, data, host);

  const { plan, feed } = batchesOf(spec, data, host.given);
  const totalSteps = spec.steps ?? plan.stepsIn(spec.epochs ?? 1);
  // epochs of growing batches have no one number of steps
  const lengths = plan.stages.length > 1 ? { totalSteps } : { totalSteps, stepsPerEpoch: plan.stepsPerEpoch };
  const rate = rateOf(spec, { plan, lr, lengths, given: host.given });
  const optimizer =
    host.given?.optimizer.as === spec.optimizer
      ? anyLength
      : withLengths(anyLength, spec, { lengths, growingAxes });
  const shapes = (rows: number): BatchShapes => batchShapes(data, rows);
  const parts: BuiltParts = {
    model,
    loss,
    optimizer,
    dtype,
    schedulesMomentum: spec.schedules?.momentum === undefined ? rate.setsMomentum : "required",
    shapes,
  };
  const traced = { ...parts, measures: logged, batch: shapes(plan.batchSize) };
  const explained = <T>(work: () => T): T => explainShapes(data, outputs, work);
  const stepsOn =
    late === undefined || plan.stages.length > 1 || feed !== undefined
      ? backend
      : await late(
          explained(() => traceStep(traced)),
          totalSteps,
        );
  const step = explained(() =>
    trainStep({ ...traced, backend: stepsOn, runs: totalSteps, seed, late: late !== undefined }),
  );
  const measure = evaluator(step, (rows) =>
    evalStep({ model, optimizer, dtype, backend, measures, batch: shapes(rows) }),
  );
  const validationLogEvery = Math.max(1, Math.ceil((plan.epochOf(totalSteps - 1) + 1) / MAX_LINES));
  const logEvery = spec.logEvery ?? Math.max(1, Math.ceil(totalSteps / MAX_LINES));
  return {
    spec: {
      ...spec,
      loss: spec.loss ?? { name: lossName },
      optimizer: { ...spec.optimizer, lr },
      batchSize: spec.batchSize ?? plan.batchSize,
      logEvery,
    },
    data,
    plan,
    totalSteps,
    logEvery,
    validationLogEvery,
    rate,
    lr,
    outputs,
    parameters: countParams(model),
    backend: stepsOn.name,
    parts,
    step,
    feed,
    advance: stepper({ plan, data, step, streamed: feed !== undefined }),
    evaluate: (part) => {
      const samples = data[part];
      return samples === undefined || rowCount(samples.features) === 0 ? null : measure(samples);
    },
    notes: { ...step.executable.notes, ...(stepsOn.why !== undefined && { why: stepsOn.why }) },
  };
}

/** Which rows each step sees, and what brings them where they come in time. */
function batchesOf(
  { batchSize, shuffle, dropLast, seed, steps, epochs }: RunSpec,
  { features }: Dataset,
  given: BuildHost["given"],
): { plan: BatchPlan; feed: Feed | undefined } {
  const stream = given?.stream;
  const n = stream?.count ?? rowCount(features);
  const plan = batchPlan({
    n,
    batchSize: batchSize ?? Math.min(DEFAULT_BATCH, n),
    shuffle: stream === undefined && shuffle,
    dropLast,
    seed,
    steps,
    epochs,
  });
  const feed = stream?.feed(plan);
  return { feed, plan: feed === undefined ? plan : { ...plan, fill: feed.fill } };
}

/** The optimizer, made anew where it depends on the run's lengths or on how the model's tensors grow with its width. */
function withLengths(
  made: Transform,
  spec: RunSpec,
  { lengths, growingAxes }: { lengths: RunLengths; growingAxes: Task["growingAxes"] },
): Transform {
  if (made.feeds === undefined && growingAxes === undefined) return made;
  const groups = growingAxes === undefined ? spec.groups : widthGroups(spec, made.lr!, growingAxes);
  return clippedOptimizer({ ...spec, groups: groups?.length === 0 ? undefined : groups }, lengths);
}

/** The rate of each step; where batches grow, it follows their size as the run asks. */
function rateOf(
  { schedule, schedules, batchSize, optimizer }: RunSpec,
  {
    plan,
    lr,
    lengths,
    given,
  }: { plan: BatchPlan; lr: number; lengths: RunLengths; given: BuildHost["given"] },
): LearningRate {
  const declared = ratesOf(given) ?? learningRateFromSpec(schedule, lr, lengths);
  const momentum = schedules?.momentum;
  const rate =
    momentum === undefined
      ? declared
      : withMomentum(
          declared,
          stepScheduleFromSpec(momentum, momentumOf({ optimizer }), { ...lengths, at: "schedules.momentum" }),
        );
  if (typeof batchSize !== "object") return rate;
  return scaledRate(rate, (k) => lrFactor(plan.wholeSizeOf(k), batchSize));
}

/** A shape error inside a model or loss names the operation; here is what the data asks of them. */
function explainShapes<T>({ features, target }: Dataset, outputs: number, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof SteepestError) || error.id !== "shape" || error.help !== undefined) throw error;
    const one = (shape: readonly number[]): string => `[${shape.slice(1).join(", ")}]`;
    throw new SteepestError("shape", error.message, {
      help: `make the model fit the data: each row has features ${one(features.shape)} and a target ${one(target.shape)}, so ${outputs} outputs are needed`,
      cause: error,
    });
  }
}
