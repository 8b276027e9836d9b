/** A run declared in code: model, loss and optimizer are values, and the data lies in memory. */
import { type BatchPlan, memoryHost } from "../data/index.ts";
import type { Backend } from "../engine/backend.ts";
import { wasm } from "../engine/backends/wasm.ts";
import type { Expr } from "../engine/graph/index.ts";
import type { ParamDType } from "../nn/layer.ts";
import { findLoss } from "../nn/losses/index.ts";
import type { MetricSchedule, Schedule } from "../optim/schedules/index.ts";
import type { Transform } from "../optim/transform.ts";
import { closest, SteepestError } from "../run/errors.ts";
import { parseRun } from "../run/parse-run.ts";
import type { BatchSizes, Named, RunSpec } from "../run/spec.ts";
import { type BuiltRun, buildRun } from "./build.ts";
import type { Run } from "./define-run.ts";
import { checkStream, type Feed, type FitStream, feedOf, firstOf, isStream } from "./feed.ts";
import { type FitDataOptions, type FitSource, fitDataset } from "./fit-data.ts";
import type { BuildHost, GivenParts } from "./host.ts";
import type { CustomModel } from "./model.ts";
import type { LossContext } from "./pass.ts";
import { requireOptimizer } from "./require-optimizer.ts";
import type { LossFunction } from "./trace.ts";

/** A loss or measure of a run: the batch's parts are x and y. */
export type FitLoss = (
  output: Expr,
  batch: { readonly x: Expr; readonly y: Expr },
  context: LossContext,
) => Expr;

/** A run declared in code: what a run file says in words, as values. */
export interface CodeRun {
  /** A layer, or a function of one example's shape and the number of outputs that the data asks for. */
  readonly model: CustomModel;
  /** A name of the table of losses, alone or with options, which brings its accuracy along; or a function. */
  readonly loss: Exclude<Run["loss"], undefined | LossFunction | { readonly module: string }> | FitLoss;
  /** One of `optim`, with its rate: `optim.adamw({ lr: 0.001 })`. Clips go before it: `optim.chain(clip, optimizer)`. */
  readonly optimizer: Transform;
  /** A name of the table of schedules, alone or with options; or a function of the step. Default: constant. */
  readonly schedule?: NonNullable<Run["schedule"]> | Schedule | MetricSchedule;
  readonly data: FitSource;
  /** A share of the examples that is held out, or data of its own. Default 0: none. */
  readonly validation?: number | FitSource;
  /** Passes over the data; default 10 where `steps` is not given either. */
  readonly epochs?: number;
  readonly steps?: number;
  /** Default 64, or all examples where there are fewer; sizes with starts grow. An epoch's last batch holds what is left. */
  readonly batchSize?: number | "full" | BatchSizes;
  readonly dropLast?: boolean;
  readonly shuffle?: boolean;
  /** Ends once so many epochs have not lowered the validation loss (or, without validation, the epoch's loss). */
  readonly patience?: number;
  /** What counts as lower. Default 0: anything. */
  readonly minDelta?: number;
  /** Logged beside the loss, in training and validation: names of losses, "accuracy", or functions by name. */
  readonly measures?: readonly string[] | Readonly<Record<string, FitLoss>>;
  /** Initial weights, order of the examples and dropout follow from it. Default 42. */
  readonly seed?: number;
  /** Default float32. */
  readonly dtype?: ParamDType;
  /** Default: wasm. `await chooseBackend()` gives native code where the system has a compiler, or its BLAS. */
  readonly backend?: Backend;
  /** Steps between two points of the history. Default: at most 20,000 points. */
  readonly logEvery?: number;
  /** What a loss or gradient that is NaN or infinite does. Default "stop": it throws. */
  readonly nonFinite?: "stop" | "continue";
  readonly name?: string;
}

const OPTIONS: Readonly<Record<keyof CodeRun, true>> = {
  model: true,
  loss: true,
  optimizer: true,
  schedule: true,
  data: true,
  validation: true,
  epochs: true,
  steps: true,
  batchSize: true,
  dropLast: true,
  shuffle: true,
  patience: true,
  minDelta: true,
  measures: true,
  seed: true,
  dtype: true,
  backend: true,
  logEvery: true,
  nonFinite: true,
  name: true,
};

/**
 * What `compare` and other tools that build a run themselves need of one declared in code. Throws `option` for a word
 * that is none of the options, `optimizer`, `loss`, and what checking a run file throws for values out of range.
 */
export async function declareRun(
  options: CodeRun,
): Promise<{ readonly spec: RunSpec; readonly host: BuildHost }> {
  if (isStream(options.data)) {
    throw new SteepestError("option", "data is a stream, which fit alone takes", {
      where: "at data",
      help: "give a part of the examples that fits into memory: data: { x, y }",
    });
  }
  return declareFit(options);
}

/** A run of `fit`, whose examples may come in time. */
export interface FitRun extends Omit<CodeRun, "data"> {
  readonly data: FitSource | FitStream;
}

/** As `declareRun`, for the run that `fit` trains. */
export async function declareFit(options: FitRun): ReturnType<typeof declareRun> {
  checkOptions(options);
  const { model, loss, optimizer, schedule, validation = 0, measures, patience, minDelta } = options;
  const { dtype = "float32", seed = 42 } = options;
  requireOptimizer(optimizer);
  const own = typeof loss === "function";
  const row = own ? null : findLoss(typeof loss === "string" ? loss : loss.name);
  const as: Named = optimizer.declared ?? { name: optimizer.name ?? "own" };
  const named = Array.isArray(measures) ? (measures as readonly string[]) : undefined;
  const { epochs, steps, batchSize, dropLast, shuffle, logEvery, nonFinite, name } = options;
  const asData =
    typeof schedule === "string" ||
    (schedule !== undefined && "name" in schedule && typeof schedule !== "function");
  const spec = parseRun(
    defined({
      name,
      data: { source: "memory" },
      model: { module: "code" },
      loss: own ? { module: "code" } : loss,
      optimizer: { name: as.name },
      schedule: asData ? schedule : undefined,
      epochs,
      steps,
      batchSize,
      dropLast,
      shuffle,
      logEvery,
      nonFinite,
      seed,
      dtype,
      measures: named,
      validation: typeof validation === "number" ? validation : 0,
      earlyStopping: patience === undefined ? undefined : defined({ patience, minDelta }),
    }),
  );
  const given: GivenParts = {
    ...(await givenData(options, { dtype, targetKind: row?.target, validation, seed })),
    optimizer: { transform: optimizer, as },
    ...(schedule !== undefined && !asData && { schedule: schedule as Schedule | MetricSchedule }),
    ...(measures !== undefined &&
      named === undefined && { measures: measures as Readonly<Record<string, LossFunction>> }),
  };
  const importFunction = async (_: string, what: "model" | "loss"): Promise<unknown> =>
    what === "model" ? model : loss;
  return { spec: { ...spec, optimizer: as }, host: { ...memoryHost({}), importFunction, given } };
}

/** The run that `fit` would train, not yet trained: what `findLr` and `analyze` take. Throws as `declareRun`. */
export async function buildCodeRun(options: CodeRun): Promise<BuiltRun> {
  const { spec, host } = await declareRun(options);
  return buildRun(spec, { host, backend: options.backend ?? wasm });
}

async function givenData(
  { data, shuffle = true }: FitRun,
  options: FitDataOptions,
): Promise<Pick<GivenParts, "data" | "stream">> {
  if (!isStream(data)) return { data: await fitDataset(data, options) };
  checkStream(data);
  if (typeof options.validation === "number" && options.validation > 0) {
    throw new SteepestError("validation", "a share of a stream can't be held out", {
      where: "at validation",
      help: "give validation examples of its own: { x, y }",
    });
  }
  const { x, y } = await firstOf(data);
  const { classes } = data;
  const first = await fitDataset(
    { x: [x], ...(y !== undefined && { y: [y] }), ...(classes && { classes }) },
    options,
  );
  if (first.target.kind === "class" && classes === undefined) {
    throw new SteepestError("data-target", "a stream does not tell which classes there will be", {
      where: "at data.classes",
      help: 'name them in the order of their numbers: classes: ["cat", "dog"]',
    });
  }
  const { features, target } = first;
  const like = { features, target };
  const feed = (plan: BatchPlan): Feed => feedOf(data, plan, { ...options, shuffle, like });
  return { data: first, stream: { count: data.count, feed } };
}

const defined = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));

function checkOptions(options: FitRun): void {
  for (const key of Object.keys(options)) {
    if (Object.hasOwn(OPTIONS, key)) continue;
    const near = closest(key, Object.keys(OPTIONS));
    throw new SteepestError("option", `there is no option "${key}"`, {
      help:
        near === undefined ? `the options are ${Object.keys(OPTIONS).join(", ")}` : `did you mean "${near}"?`,
    });
  }
  for (const key of ["model", "loss", "optimizer", "data"] as const) {
    if (options[key] !== undefined) continue;
    throw new SteepestError("option", `"${key}" is missing`, {
      help: "give model, loss, optimizer and data",
    });
  }
}
