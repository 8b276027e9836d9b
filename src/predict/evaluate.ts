/** A trained model measured on data that has the answers. The loss is training's own, computed in the same programs. */
import { readIdx, readNpy } from "../data/arrays.ts";
import { withBytes } from "../data/bytes.ts";
import { type DataHost, rowCount, type Samples } from "../data/index.ts";
import { decode, windows } from "../data/text.ts";
import { findLoss } from "../nn/losses/index.ts";
import { SteepestError } from "../run/errors.ts";
import { batchShapes, evaluator } from "../train/batches.ts";
import { evalStep } from "../train/forward.ts";
import { measuresOf } from "../train/task.ts";
import type { LossFunction } from "../train/trace.ts";
import { classesOf } from "./interpret.ts";
import { type ClassMetrics, classMetrics, type NumberMetrics, numberMetrics } from "./metrics.ts";
import { predictor } from "./predict.ts";
import { type RowSource, readRows } from "./read-rows.ts";
import type { Floats, TrainedModel } from "./trained-model.ts";

/** How well a model does on rows whose answers are known: the measures that fit its task. */
export interface Evaluation {
  readonly rows: number;
  /** The training loss, a mean over rows, and the accuracy where it has one; null for a loss of the user's own. */
  readonly loss: number | null;
  readonly accuracy?: number;
  readonly classes?: ClassMetrics;
  readonly numbers?: NumberMetrics;
  /** exp(loss) of a text model. */
  readonly perplexity?: number;
}

/** The file to evaluate on. */
export interface EvaluateSource extends Omit<RowSource, "format"> {
  readonly format: RowSource["format"] | "text";
  /** The target beside an array file. */
  readonly target?: string | undefined;
  /** Receives a regression's numbers, truth and prediction, all rows after each other: for a picture. */
  readonly onNumbers?: (truth: ArrayLike<number>, predicted: ArrayLike<number>) => void;
}

/** Throws what reading throws, and `data-target` where the answers are missing. */
export async function evaluateSource(model: TrainedModel, source: EvaluateSource): Promise<Evaluation> {
  const samples = await samplesOf(model, source);
  const measured = measure(model, samples);
  const base = { rows: rowCount(samples.features), loss: null, ...measured };
  if (model.record.input.kind === "text")
    return { ...base, perplexity: Math.exp(measured?.loss ?? Number.NaN) };
  const predictions = predictor(model)(samples.features.data as Floats, base.rows);
  const classes = classesOf(model.record);
  const { data: truth } = samples.target;
  if (classes === null) {
    const flat = predictions.flatMap(({ prediction }) => prediction as number | readonly number[]);
    source.onNumbers?.(truth, flat);
    return { ...base, numbers: numberMetrics(truth, flat) };
  }
  const place = new Map(classes.map((name, i) => [name, i]));
  const rows = predictions.map(({ prediction, probabilities = null }, i) => ({
    truth: truth[i]!,
    predicted: place.get(String(prediction))!,
    probabilities,
  }));
  const odd = rows.findIndex((r) => r.truth !== 0 && classes[r.truth] === undefined);
  if (odd >= 0) {
    throw new SteepestError("label-range", `row ${odd + 1} has the label ${rows[odd]!.truth}`, {
      where: source.path,
      help: `the model tells apart ${classes.slice(0, 20).join(", ")}`,
    });
  }
  return { ...base, classes: classMetrics(rows, classes) };
}

/** What training measures, on the same programs for batches of the same size. */
function measure(
  { record, layer, optimizer, state, backend }: TrainedModel,
  samples: Samples,
): { loss: number; accuracy?: number } | null {
  const { loss, dtype } = record;
  if (loss.name === "module") return null;
  const measures: Readonly<Record<string, LossFunction>> = {
    ...measuresOf(findLoss(loss.name), loss.options),
  };
  const compile = (rows: number): ReturnType<typeof evalStep> =>
    evalStep({ model: layer, optimizer, dtype, backend, measures, batch: batchShapes(samples, rows) });
  const { loss: mean, accuracy } = evaluator({ state }, compile)(samples);
  return { loss: mean!, ...(accuracy !== undefined && { accuracy }) };
}

async function samplesOf(model: TrainedModel, source: EvaluateSource): Promise<Samples> {
  const { record } = model;
  const { host, path, format } = source;
  if (record.input.kind === "text") {
    const { vocabulary, context, predict } = record.input;
    return windows(await idsOf(host, path, vocabulary), { context, predict, path });
  }
  if (format === "text") {
    throw new SteepestError("data-format", "the model takes rows, not text", {
      where: path,
      help: "give a CSV, JSONL, NPY or IDX file",
    });
  }
  const pieces: Floats[] = [];
  const targets: number[] = [];
  const arrays = format === "npy" || format === "idx";
  await readRows(
    record,
    { ...source, format },
    { rows: model.batchSize, targets: !arrays },
    async (piece) => {
      pieces.push(piece.values);
      for (const target of piece.targets ?? []) targets.push(target);
    },
  );
  const length = pieces.reduce((sum, p) => sum + p.length, 0);
  const data = record.dtype === "float64" ? new Float64Array(length) : new Float32Array(length);
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.length;
  }
  const n = length / model.rowSize;
  const goal = arrays ? await arrayTarget(source, record.row.shape, n) : targets;
  return {
    features: { data, shape: [n, ...record.row.shape], rowStride: model.rowSize },
    target: targetOf(model, goal, n, path),
  };
}

async function arrayTarget(
  { host, format, target, path }: EvaluateSource,
  _row: readonly number[],
  n: number,
): Promise<ArrayLike<number>> {
  if (target === undefined) {
    throw new SteepestError("data-target", "the answers are not given", {
      where: path,
      help: "name the file of targets: --target labels.npy",
    });
  }
  const { data, shape } = await (format === "idx" ? readIdx : readNpy)(host, target, "float64");
  if (shape[0] === n) return data;
  throw new SteepestError("data-shape", `${n} rows and ${shape[0]} targets`, {
    where: target,
    help: "give one target for each row, in the same order",
  });
}

function targetOf(
  { record }: TrainedModel,
  values: ArrayLike<number>,
  n: number,
  where: string,
): Samples["target"] {
  const { kind, shape, classes } = record.target;
  const size = shape.reduce((a, b) => a * b, 1);
  if (kind === "none" || values.length !== n * size) {
    throw new SteepestError(
      "data-target",
      `${n} rows need ${n * size} target values, and there are ${values.length}`,
      {
        where,
        help: "give the target as in the data that the model was trained on",
      },
    );
  }
  if (kind === "class") {
    const data = Int32Array.from(values);
    const odd = data.findIndex((label, i) => label !== values[i] || label < 0 || label >= classes!.length);
    if (odd < 0) return { kind, data, shape: [n, ...shape], rowStride: size };
    throw new SteepestError("label-range", `row ${odd + 1} has the label ${values[odd]}`, {
      where,
      help: `labels are whole numbers from 0 to ${classes!.length - 1}`,
    });
  }
  const data = record.dtype === "float64" ? Float64Array.from(values) : Float32Array.from(values);
  return { kind, data, shape: [n, ...shape], rowStride: size };
}

/** A text as the model's character ids. Throws `text-character` for one that it has not met. */
async function idsOf(host: DataHost, path: string, vocabulary: readonly string[]): Promise<Int32Array> {
  const ids: number[] = [];
  const encode = characterEncoder(vocabulary, path);
  await withBytes(host, path, async (reader) => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for (let chunk = await reader.chunk(); chunk; chunk = await reader.chunk())
      for (const id of encode(decode(decoder, chunk, path))) ids.push(id);
    for (const id of encode(decode(decoder, null, path))) ids.push(id);
  });
  return Int32Array.from(ids);
}

/** Characters to ids. Throws `text-character` for one that the training text has not. */
export function characterEncoder(vocabulary: readonly string[], where: string): (text: string) => number[] {
  const place = new Map(vocabulary.map((character, id) => [character, id]));
  return (text) =>
    Array.from(text, (character) => {
      const id = place.get(character);
      if (id !== undefined) return id;
      throw new SteepestError(
        "text-character",
        `the model has not met the character ${JSON.stringify(character)}`,
        {
          where,
          help: `it knows ${JSON.stringify(vocabulary.join("")).slice(0, 200)}`,
        },
      );
    });
}
