/** A built run as a complete PyTorch project: files by path, made of templates and of what the run's own graph says. */

import type { Dataset, Rows, Samples } from "../data/index.ts";
import { interpret } from "../engine/backends/reference.ts";
import { type Expr, input, sizeOf } from "../engine/graph/index.ts";
import type { BuiltModel } from "../nn/build.ts";
import { findLoss } from "../nn/losses/index.ts";
import { isMup } from "../nn/width.ts";
import { findSchedule } from "../optim/schedules/index.ts";
import { stream, streamKey } from "../random/index.ts";
import { SteepestError } from "../run/errors.ts";
import { showWhole } from "../run/show-number.ts";
import type { Named } from "../run/spec.ts";
import { type BuiltRun, encodeCheckpoint, encodeSafeTensors, type StoredTensor } from "../train/index.ts";
import { metricsHeader } from "../train/log.ts";
import { noPass } from "../train/pass.ts";
import { keptSettings } from "../train/resume.ts";
import { namedModel } from "./named-model.ts";
import { encodeNpy } from "./npy.ts";
import { type NamedOptimizer, namedOptimizer } from "./optimizers.ts";
import { keepParts } from "./python-parts.ts";
import { pyValue } from "./python-text.ts";
import { type Constants, pythonFile, tracedLoss, tracedModel, tracedUpdate } from "./traced-code.ts";

/** A file's content, in pieces that are written one after another. */
export type FileContent = string | readonly Uint8Array[];

/** `templates` are the texts of src/handoff/templates by name. */
export function torchProject(
  built: BuiltRun,
  templates: ReadonlyMap<string, string>,
): ReadonlyMap<string, FileContent> {
  const { spec, parts } = built;
  for (const key of ["earlyStopping", "measures"] as const) {
    if (spec[key] === undefined) continue;
    throw new SteepestError("handoff", `a PyTorch project has no ${key}`, {
      where: `at ${key}`,
      help: "remove it from the run, or train it with steepest",
    });
  }
  const constants: Constants = new Map();
  const files = new Map<string, FileContent>();
  const optimizer = optimizerOf(built);
  const own = new Map([["model.py", modelFile(built, constants)]]);
  if (optimizer.library === "update") {
    const title = `One step of ${spec.optimizer.name}, as steepest computes it, tensor by tensor.`;
    own.set("update.py", pythonFile(title, [tracedUpdate(parts, constants)]));
  }
  const imported = (name: string): boolean =>
    [...own.values()].some((text) => text.includes(`from ${name.replace(".py", "")} import`));
  for (const [name, text] of templates) {
    if (name === "optimizers.py") {
      if (optimizer.library === "optimizers") files.set(name, keepParts(text, [optimizer.class]));
    } else if ((name !== "layers.py" && name !== "traced.py") || imported(name)) {
      files.set(name, filled(text, built));
    }
  }
  for (const [name, text] of own) files.set(name, text);
  if (constants.size > 0) {
    const tensors = [...constants].map(([name, c]): StoredTensor => ({ name, ...c }));
    files.set("constants.safetensors", [encodeSafeTensors(tensors, {})]);
  }
  const { $schema: _, ...run } = spec;
  files.set("run.json", `${JSON.stringify(run, null, 2)}\n`);
  files.set("initial.safetensors", [initialCheckpoint(built)]);
  const schedule = scheduleOf(built, files);
  const data = dataFiles(built.data, files);
  const project = { ...settings(built), optimizer, schedule, data };
  files.set("project.json", `${JSON.stringify(project, null, 2)}\n`);
  return files;
}

function settings(built: BuiltRun): Record<string, unknown> {
  const { spec, plan, data } = built;
  const loss = "module" in spec.loss! ? null : findLoss(String(spec.loss!["name"]));
  const shuffled = spec.shuffle && plan.batchSize < plan.n;
  const ofClasses = loss === null ? data.target.kind === "class" : loss.target === "class";
  const ofOutput = loss?.output === "logit" || loss?.output === "probability" ? loss.output : null;
  return {
    schema: "steepest.torch/2",
    header: JSON.parse(metricsHeader(built)) as unknown,
    dtype: spec.dtype,
    seed: spec.seed,
    rows: plan.n,
    // from which step on, counted from 0, at which place of the data, batches have how many rows
    stages: plan.stages,
    dropLast: spec.dropLast,
    totalSteps: built.totalSteps,
    // null where the run is declared in steps
    epochs: spec.steps === undefined ? (spec.epochs ?? 1) : null,
    settings: keptSettings(spec),
    orderKey: shuffled ? streamKey(spec.seed, "batches") : null,
    // a traced model has them as buffers
    frozen: isTraced(spec.model) ? [] : (built.parts.model.frozen ?? []),
    logEvery: built.logEvery,
    checkpointEvery: spec.checkpointEvery ?? null,
    // a clip that refuses such gradients ends the run as the guard does
    nonFinite: spec.clip?.["errorIfNonfinite"] === true ? "stop" : spec.nonFinite,
    loss:
      loss === null
        ? { name: "module", reduction: ownReduction(built) }
        : { ...spec.loss, name: loss.name, reduction: reductionOf(spec.loss as Named) },
    accuracy: ofClasses ? "class" : ofOutput,
  };
}

/** kl's "batchmean" divides by the rows too. */
const reductionOf = (loss: Named): "mean" | "sum" => (loss["reduction"] === "sum" ? "sum" : "mean");

/** Whether a loss of the user's is a mean or a sum over rows: tried on parts of a batch. */
function ownReduction({ parts, data }: BuiltRun): "mean" | "sum" | "other" {
  const rows = Math.min(6, data.features.shape[0]!);
  if (rows < 2) return "other";
  const draw = stream(0, "loss");
  const shape = outputShape(parts, rows);
  const width = sizeOf(shape.slice(1));
  const output = draw.normal(rows * width);
  const at = (from: number, to: number): number => {
    const n = to - from;
    const outside = input("output", [n, ...shape.slice(1)], parts.dtype) as Expr;
    const part = (all: Rows): ArrayLike<number> => rowsOf(all, from, to);
    const batch: Record<string, Expr> = {};
    const given = new Map<Expr, ArrayLike<number>>([[outside, output.slice(from * width, to * width)]]);
    for (const [name, s] of Object.entries(parts.shapes(n))) {
      const { shape: dims, dtype = parts.dtype } = "shape" in s ? s : { shape: s };
      batch[name] = input(`batch.${name}`, dims, dtype) as Expr;
      given.set(batch[name], part(name === "x" ? data.features : data.target));
    }
    return interpret([parts.loss(outside, batch, noPass)], given)[0]![0]!;
  };
  const half = rows >> 1;
  const [whole, first, second] = [at(0, rows), at(0, half), at(half, rows)];
  const near = (x: number): boolean => Math.abs(x - whole) <= 1e-9 * Math.max(1, Math.abs(whole));
  if (near((first * half + second * (rows - half)) / rows)) return "mean";
  return near(first + second) ? "sum" : "other";
}

function rowsOf({ data, shape, rowStride }: Rows, from: number, to: number): Float64Array {
  const size = sizeOf(shape.slice(1));
  return Float64Array.from({ length: (to - from) * size }, (_, i) => {
    const row = from + Math.floor(i / size);
    return data[row * rowStride + (i % size)]!;
  });
}

function outputShape({ model, dtype, shapes }: BuiltRun["parts"], rows: number): readonly number[] {
  const tensors = Object.fromEntries(
    [...Object.entries(model.params), ...Object.entries(model.buffers)].map(([name, { shape }]) => [
      name,
      input(name, shape, dtype) as Expr,
    ]),
  );
  const s = shapes(rows)["x"]!;
  const { shape, dtype: type = dtype } = "shape" in s ? s : { shape: s };
  return model.forward(tensors, input("x", shape, type) as Expr, { training: false }).output.shape;
}

/** Models that no code written by hand stands for: the user's own, and those whose scales follow the width. */
const isTraced = (model: BuiltRun["spec"]["model"]): boolean => "module" in model || isMup(model);

function modelFile({ spec, parts, data }: BuiltRun, constants: Constants): string {
  const own = isTraced(spec.model);
  const ownLoss = "module" in spec.loss!;
  const loss = ownLoss ? null : findLoss(String(spec.loss!["name"]));
  const model = own
    ? tracedModel(parts, constants)
    : {
        lines: namedModel(spec.model as BuiltModel, {
          params: { ...parts.model.params, ...parts.model.buffers },
          inputShape: data.features.shape.slice(1),
          probability: loss?.output === "probability",
        }),
        helpers: [],
      };
  const imports: string[] = [];
  if (!own && (spec.model as BuiltModel).kind === "transformer") imports.push("from layers import Gpt");
  if (loss !== null) imports.push("from losses import LOSSES");
  const lossCode = ownLoss ? tracedLoss(parts, constants) : { lines: namedLoss(spec.loss!), helpers: [] };
  return pythonFile(`The model and the loss of the run "${spec.name}".`, [model, lossCode], imports);
}

function namedLoss({ name, ...options }: Readonly<Record<string, unknown>>): string[] {
  const row = findLoss(String(name));
  const given = Object.entries(options).map(([key, value]) => `, ${key}=${pyValue(value)}`);
  return [
    "def compute_loss(output: Tensor, x: Tensor, y: Tensor) -> Tensor:",
    `    return LOSSES["${row.name}"](output, y${given.join("")})`,
  ];
}

interface TracedOptimizer {
  readonly library: "update";
  readonly lr: number;
  readonly clip: null;
  readonly momentum: null;
  readonly state: readonly string[];
}

interface LibraryOptimizer extends NamedOptimizer {
  readonly clip: Readonly<Record<string, unknown>> | null;
}

function optimizerOf({ spec, step, lr, parts }: BuiltRun): LibraryOptimizer | TracedOptimizer {
  const names = step.state.map((s) => s.name).filter((n) => n.startsWith("optimizer."));
  const param = Object.keys(parts.model.params)[0];
  if (param === undefined) {
    throw new SteepestError("handoff-model", "the model has no parameters to train", {
      help: "give it a layer with weights",
    });
  }
  if (parts.optimizer.feeds !== undefined) {
    throw new SteepestError(
      "handoff-schedule",
      "a schedule of the weight decay or of a parameter group can't be handed over",
      { help: 'leave it out, let the weight decay go with the rate ("rate"), or train with steepest' },
    );
  }
  const plain = !isMup(spec.model) && spec.groups === undefined && spec.schedules?.weightDecay === undefined;
  const found = plain ? namedOptimizer({ ...spec.optimizer, lr }, { stateNames: names, param }) : null;
  const clip = simpleClip(spec.clip);
  if (found !== null && clip !== undefined) return { ...found, clip };
  return { library: "update", lr, clip: null, momentum: null, state: names };
}

/** PyTorch's own clips; null for none, undefined for one that has to be traced. */
function simpleClip(clip: BuiltRun["spec"]["clip"]): Record<string, unknown> | null | undefined {
  if (clip === undefined) return null;
  if (typeof clip["value"] === "number") return { value: clip["value"] };
  const { globalNorm, p = 2 } = clip;
  return typeof globalNorm === "number" ? { globalNorm, p } : undefined;
}

/** A checkpoint of step 0: the same weights that steepest's own engine starts from. */
export const initialCheckpoint = (
  { step, spec }: BuiltRun,
  { metricsBytes = 0 }: { metricsBytes?: number } = {},
): Uint8Array =>
  encodeCheckpoint(step.state, {
    step: 0,
    seed: spec.seed,
    epochLoss: [0, 0],
    lastLoss: null,
    best: null,
    metricsBytes,
    schedule: null,
    position: { epoch: 1, row: 0 },
  });

function scheduleOf(
  { rate, spec, totalSteps }: BuiltRun,
  files: Map<string, FileContent>,
): Record<string, unknown> {
  if (rate.followsMetric) {
    const { name, ...given } = spec.schedule;
    const { entry, alias } = findSchedule(name);
    if (entry.name !== "reduce-on-plateau") {
      throw new SteepestError(
        "handoff-schedule",
        `a schedule that follows a metric can't be handed over inside ${name}`,
        {
          help: "use reduce-on-plateau by itself, or a schedule of the step",
        },
      );
    }
    if (typeof spec.batchSize === "object" && (spec.batchSize.lrScaling ?? "none") !== "none") {
      throw new SteepestError(
        "handoff-schedule",
        "a rate that follows both the validation loss and the batch's size can't be handed over",
        { help: "leave out batchSize.lrScaling, or use a schedule of the step" },
      );
    }
    const options = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [alias?.options?.[key] ?? key, value]),
    );
    const own = Object.entries(entry.options).map(([key, option]) => [key, options[key] ?? option.default]);
    return { plateau: { ...Object.fromEntries(own), lr: rate.lrAt(0) } };
  }
  const values = (f: (k: number) => number): Float64Array =>
    Float64Array.from({ length: totalSteps }, (_, k) => f(k));
  const tensors: StoredTensor[] = [{ name: "lr", shape: [totalSteps], values: values(rate.lrAt) }];
  if (rate.setsMomentum) {
    tensors.push({
      name: "momentum",
      shape: [totalSteps],
      values: values((k) => rate.momentumAt(k) ?? Number.NaN),
    });
  }
  files.set("schedule.safetensors", [encodeSafeTensors(tensors, {})]);
  return { file: "schedule.safetensors" };
}

function dataFiles(data: Dataset, files: Map<string, FileContent>): Record<string, unknown> {
  const rows = (part: string, what: string, { data: values, shape, rowStride }: Rows): unknown => {
    const file = `data/${part}-${what}.npy`;
    files.set(file, encodeNpy(values));
    return { file, shape, rowStride };
  };
  const samples = (part: string, { features, target }: Samples): unknown => ({
    features: rows(part, "features", features),
    target: target.kind === "none" ? null : rows(part, "target", target),
  });
  return Object.fromEntries(
    (
      [
        ["train", data],
        ["validation", data.validation],
        ["test", data.test],
      ] as const
    ).flatMap(([part, s]) =>
      s === undefined || s.features.shape[0] === 0 ? [] : [[part, samples(part, s)]],
    ),
  );
}

/** {{name}} and its like in the texts for people and job systems. */
function filled(text: string, { spec, plan, parameters, totalSteps }: BuiltRun): string {
  const values: Readonly<Record<string, string>> = {
    name: spec.name,
    slug: spec.name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, ""),
    optimizer: spec.optimizer.name,
    parameters: showWhole(parameters),
    rows: showWhole(plan.n),
    batch: String(plan.batchSize),
    steps: showWhole(totalSteps),
    nproc: String(plan.batchSize % 2 === 0 ? 2 : 1),
    gpus: String(plan.batchSize % 8 === 0 ? 4 : 1),
  };
  return text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? `{{${key}}}`);
}
