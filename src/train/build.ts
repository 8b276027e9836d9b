/** RunSpec → data, compiled programs and schedule: everything the loop needs, with every name and size checked. */

import {
  type BatchPlan,
  batchPlan,
  type DataHost,
  type Dataset,
  loadData,
  rowCount,
  type Samples,
} from "../data/index.ts";
import type { Backend } from "../engine/backend.ts";
import type { Expr } from "../engine/graph/index.ts";
import { countParams } from "../nn/index.ts";
import { findLoss } from "../nn/losses/index.ts";
import { accuracyFor, classAccuracy } from "../nn/metrics.ts";
import { makeClip } from "../optim/clip/index.ts";
import { chain, makeOptimizer, type Transform } from "../optim/index.ts";
import { type LearningRate, learningRateFromSpec } from "../optim/schedules/index.ts";
import { SteepestError } from "../run/errors.ts";
import type { RunSpec } from "../run/spec.ts";
import { buildModel, type CustomModel } from "./model.ts";
import {
  type BatchShapes,
  type BatchTensors,
  type EvalStep,
  evalStep,
  type LossFunction,
  type StepResult,
  type TrainStep,
  trainStep,
} from "./program.ts";
import type { StepParts } from "./trace.ts";

export interface BuildHost extends DataHost {
  /** The export `name` of a module; absent where modules can't be loaded. */
  readonly importFunction?: (file: string, name: "model" | "loss") => Promise<unknown>;
}

export interface BuiltParts extends Omit<StepParts, "batch"> {
  /** Shapes of a batch of so many rows. */
  readonly shapes: (rows: number) => BatchShapes;
}

export interface BuiltRun {
  /** The declaration with everything resolved: loss, batch size, lr, log interval. */
  readonly spec: RunSpec;
  readonly data: Dataset;
  readonly plan: BatchPlan;
  readonly totalSteps: number;
  readonly logEvery: number;
  /** The schedule at work: rate and momentum of each step. */
  readonly rate: LearningRate;
  /** Base learning rate. */
  readonly lr: number;
  /** Number of trained values. */
  readonly parameters: number;
  readonly backend: string;
  /** What the step is made of, to trace or compile it in other ways: the loss alone, other batch sizes. */
  readonly parts: BuiltParts;
  readonly step: TrainStep;
  /** Step k, from 0, on its own batch. Its result is overwritten by the next. */
  readonly advance: (k: number, lr: number, momentum?: number) => StepResult;
  /** Means over validation or test rows; null where there are none. */
  readonly evaluate: (part: "validation" | "test") => Readonly<Record<string, number>> | null;
  readonly notes: Readonly<Record<string, string | number>>;
}

const DEFAULT_BATCH = 64;
/** metrics.jsonl stays readable and the loop fast: by default it gets this many step lines at most. */
const MOST_LINES = 20_000;
/** Rows per evaluation call. */
const EVAL_ROWS = 1000;

/** A transformer on text predicts the character after every position unless one of the two says otherwise. */
function withOnePrediction(spec: RunSpec): RunSpec {
  const { data, model } = spec;
  if (!("text" in data) || !("kind" in model) || model.kind !== "transformer") return spec;
  const predict = data.predict ?? model.predict ?? "every";
  if ((model.predict ?? predict) !== predict) {
    throw new SteepestError(
      "option",
      `data.predict is "${predict}" but model.predict is "${model.predict}"`,
      {
        help: "give predict once, at data or at model",
      },
    );
  }
  return { ...spec, data: { ...data, predict }, model: { ...model, predict } };
}

export async function buildRun(
  declared: RunSpec,
  { host, backend }: { host: BuildHost; backend: Backend },
): Promise<BuiltRun> {
  const spec = withOnePrediction(declared);
  // names and options first: a typo should not wait for the data
  const { name: optimizerName, ...optimizerOptions } = spec.optimizer;
  if (optimizerOptions.lr === "auto") {
    throw new SteepestError("option", 'the learning rate is "auto" and has not been looked for', {
      where: "at optimizer.lr",
      help: "steepest train looks for it; elsewhere run steepest find-lr first and write the number it gives",
    });
  }
  const own = makeOptimizer(optimizerName, optimizerOptions);
  const lr = own.lr ?? Number.NaN;
  if (!(lr > 0 && Number.isFinite(lr))) {
    throw new SteepestError("option", `${optimizerName}: lr is ${lr}`, { help: "give lr a positive number" });
  }
  learningRateFromSpec(spec.schedule, lr, { totalSteps: 1000, stepsPerEpoch: 10 });
  const optimizer: Transform = spec.clip === undefined ? own : chain(makeClip(spec.clip), own);
  const named =
    spec.loss !== undefined && "name" in spec.loss ? findLoss(String(spec.loss["name"])) : undefined;

  const data = await loadData(spec.data, host, {
    dtype: spec.dtype,
    validation: spec.validation,
    seed: spec.seed,
    targetKind: named?.target,
  });
  const task = await lossOf(spec, data, host);
  const outputs = task.outputs;
  const custom =
    "module" in spec.model
      ? ((await host.importFunction?.(spec.model.module, "model")) as CustomModel)
      : undefined;
  const model = buildModel(spec.model, {
    inputShape: data.features.shape.slice(1),
    outputs,
    probability: task.probability,
    custom,
  });

  const n = rowCount(data.features);
  const plan = batchPlan({
    n,
    batchSize: spec.batchSize ?? Math.min(DEFAULT_BATCH, n),
    shuffle: spec.shuffle,
    dropLast: spec.dropLast,
    seed: spec.seed,
  });
  const totalSteps = spec.steps ?? (spec.epochs ?? 1) * plan.stepsPerEpoch;
  const rate = learningRateFromSpec(spec.schedule, lr, { totalSteps, stepsPerEpoch: plan.stepsPerEpoch });
  const shapes = (rows: number): BatchShapes => ({
    x: batchShape(data.features, rows),
    ...(data.target.kind === "none" ? {} : { y: batchShape(data.target, rows) }),
  });
  const parts: BuiltParts = {
    model,
    loss: task.loss,
    optimizer,
    dtype: spec.dtype,
    schedulesMomentum: rate.setsMomentum,
    shapes,
  };
  const compile = (rows: number): TrainStep =>
    explainShapes(data, outputs, () =>
      trainStep({ ...parts, batch: shapes(rows), backend, seed: spec.seed }),
    );
  const step = compile(plan.batchSize);
  const advance = stepper({ plan, data, step, compile });

  const evaluators = new Map<number, EvalStep>();
  const evaluator = (rows: number): EvalStep => {
    const found =
      evaluators.get(rows) ??
      evalStep({
        model,
        optimizer,
        dtype: spec.dtype,
        backend,
        measures: task.measures,
        batch: shapes(rows),
      });
    evaluators.set(rows, found);
    return found;
  };
  const logEvery = spec.logEvery ?? Math.max(1, Math.ceil(totalSteps / MOST_LINES));
  return {
    spec: {
      ...spec,
      loss: spec.loss ?? { name: task.name },
      optimizer: { ...spec.optimizer, lr },
      batchSize: spec.batchSize === "full" ? "full" : plan.batchSize,
      logEvery,
    },
    data,
    plan,
    totalSteps,
    logEvery,
    rate,
    lr,
    parameters: countParams(model),
    backend: backend.name,
    parts,
    step,
    advance,
    evaluate: (part) => {
      const samples = data[part];
      return samples === undefined || rowCount(samples.features) === 0
        ? null
        : evaluateRows(samples, step, evaluator);
    },
    notes: step.executable.notes,
  };
}

const batchShape = (rows: Samples["features"], n: number): { shape: number[]; dtype?: "int32" } => ({
  shape: [n, ...rows.shape.slice(1)],
  ...(rows.data instanceof Int32Array ? { dtype: "int32" as const } : {}),
});

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

interface Task {
  readonly name: string;
  readonly loss: LossFunction;
  readonly measures: Readonly<Record<string, LossFunction>>;
  readonly outputs: number;
  readonly probability: boolean;
}

/** The loss with what it asks of the model, and how to tell right from wrong. */
async function lossOf(spec: RunSpec, data: Dataset, host: BuildHost): Promise<Task> {
  const { target, classes } = data;
  const targetSize = target.shape.slice(1).reduce((a, b) => a * b, 1);
  if (spec.loss !== undefined && "module" in spec.loss) {
    const custom = await host.importFunction?.(String(spec.loss["module"]), "loss");
    if (typeof custom !== "function") {
      throw new SteepestError("module", "the module's loss is not a function", {
        where: `in ${String(spec.loss["module"])}`,
        help: "export const loss = (output, batch) => …",
      });
    }
    const loss = custom as LossFunction;
    const outputs = target.kind === "class" ? (classes?.length ?? 2) : targetSize;
    const accuracy =
      target.kind === "class"
        ? { accuracy: (output: Expr, batch: BatchTensors) => classAccuracy(output, batch["y"]!) }
        : {};
    return { name: "module", loss, measures: { loss, ...accuracy }, outputs, probability: false };
  }
  if (target.kind === "none") {
    throw new SteepestError("data-target", "the data has no target to learn", {
      where: "at data.target",
      help: "name the target column or file, or bring a loss of your own as { module }",
    });
  }
  const { name = target.kind === "class" ? "softmax-cross-entropy" : "mse", ...options } = (spec.loss ??
    {}) as {
    name?: string;
  };
  const row = findLoss(name);
  if (row.target === "class" && target.kind !== "class") {
    throw new SteepestError("loss", `${row.name} needs class labels, but the target is a number`, {
      where: "at loss",
      help: 'choose the loss "mse", or say that the data\'s task is "classification"',
    });
  }
  const loss: LossFunction = (output, batch) => row.make(output, batch["y"]!, options);
  const binary = row.output === "logit" || row.output === "probability";
  if (binary && classes !== undefined && classes.length > 2) {
    throw new SteepestError(
      "loss",
      `${row.name} tells two classes apart, but the data has ${classes.length}`,
      {
        where: "at loss",
        help: 'choose the loss "softmax-cross-entropy"',
      },
    );
  }
  const accuracy = accuracyFor(row);
  return {
    name: row.name,
    loss,
    measures: {
      loss,
      ...(accuracy && { accuracy: (output: Expr, batch: BatchTensors) => accuracy(output, batch["y"]!) }),
    },
    outputs: row.target === "class" ? classes!.length : targetSize,
    probability: row.output === "probability",
  };
}

/** Fills the batch and runs. A last partial batch has a program of its own; the state moves there and back. */
function stepper({
  plan,
  data,
  step,
  compile,
}: {
  plan: BatchPlan;
  data: Dataset;
  step: TrainStep;
  compile: (rows: number) => TrainStep;
}): BuiltRun["advance"] {
  const { features, target } = data;
  const whole = plan.batchSize;
  const fill = (to: TrainStep, k: number): void => {
    plan.fill(k, features, target, to.inputs["x"]!, to.inputs["y"] ?? null);
  };
  const rest = plan.stepsPerEpoch * whole > plan.n ? plan.n % whole : 0;
  if (plan.stepsPerEpoch === 1 && whole === plan.n) {
    // one batch holds all rows: it is written once
    let filled = false;
    return (k, lr, momentum) => {
      if (!filled) fill(step, k);
      filled = true;
      return step.run(k + 1, lr, momentum);
    };
  }
  let partial: TrainStep | undefined;
  return (k, lr, momentum) => {
    if (rest === 0 || k % plan.stepsPerEpoch !== plan.stepsPerEpoch - 1) {
      fill(step, k);
      return step.run(k + 1, lr, momentum);
    }
    partial ??= compile(rest);
    fill(partial, k);
    copyState(step, partial);
    const result = partial.run(k + 1, lr, momentum);
    copyState(partial, step);
    return result;
  };
}

function copyState(from: TrainStep, to: TrainStep): void {
  for (let i = 0; i < from.state.length; i++) to.state[i]!.values.set(from.state[i]!.values);
}

/** Weighted means over all rows, summed in float64. */
function evaluateRows(
  { features, target }: Samples,
  step: TrainStep,
  evaluator: (rows: number) => EvalStep,
): Record<string, number> {
  const n = rowCount(features);
  const size = Math.min(n, EVAL_ROWS);
  const plan = batchPlan({ n, batchSize: size, shuffle: false });
  const totals: Record<string, number> = {};
  const loaded = new Set<EvalStep>();
  for (let k = 0; k < plan.stepsPerEpoch; k++) {
    const rows = plan.sizeOf(k);
    const program = evaluator(rows);
    if (!loaded.has(program)) program.load(step.state);
    loaded.add(program);
    plan.fill(k, features, target, program.inputs["x"]!, program.inputs["y"] ?? null);
    const means = program.run();
    for (const [name, value] of Object.entries(means))
      totals[name] = (totals[name] ?? 0) + (value * rows) / n;
  }
  return totals;
}
