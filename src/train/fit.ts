/** `fit`: data in memory or in time, and a model in code, trained by the loop that the command line uses. */
import { batchPlan, type DataArray, rowCount } from "../data/index.ts";
import { wasm } from "../engine/backends/wasm.ts";
import { SteepestError } from "../run/errors.ts";
import type { RunLog } from "../run/log.ts";
import type { LongWork } from "../run/long-work.ts";
import { type BuiltRun, buildRun, type ChooseLate } from "./build.ts";
import { type Progress, restoreCheckpoint } from "./checkpoint.ts";
import { declareFit, type FitRun } from "./code-run.ts";
import { type Examples, inputRows, type Nested, type Tensor } from "./fit-data.ts";
import { predictStep } from "./forward.ts";
import { runLog } from "./log.ts";
import { type TrainOptions, type TrainOutcome, type TrainProgress, train } from "./loop.ts";
import type { StepResult } from "./program.ts";
import type { RunStore } from "./recorder.ts";
import { differences, keptSettings } from "./resume.ts";
import { saveWeights } from "./weights.ts";

/** One step's measurements. */
export interface FitStep extends StepResult {
  /** From 1. */
  step: number;
  epoch: number;
  lr: number;
}

/** Where a fit stood; it may be written to a file or sent to a worker as it is. */
export interface FitState {
  readonly checkpoint: Uint8Array;
  /** The history so far, a line of JSON a point. */
  readonly metrics: string;
}

/** A run in code, and how it is watched, stopped and gone on with. */
export interface FitOptions extends FitRun, LongWork<TrainProgress> {
  /** Called after each step with its measurements: one record, overwritten by the next step. */
  readonly onStep?: (step: FitStep) => void;
  /** Goes on from where another fit of the same model and data stopped: its `state`. */
  readonly resume?: FitState;
  /**
   * Chooses what makes the steps, which may be a GPU: `(step, runs) => chooseBackend("auto", { late: step, runs })` takes the faster one.
   * `run.notes.why` tells what was measured. `backend` makes all else, and the steps after a GPU was lost. Streams and
   * batches of several sizes stay on `backend`.
   */
  readonly late?: ChooseLate;
}

/** A trained model and how it came about. */
export interface FitResult extends Omit<TrainOutcome, "step"> {
  /** Steps made over the whole run. */
  readonly steps: number;
  /** Which weights the model has now: with validation rows those of the lowest validation loss, else the last. */
  readonly weights: "best" | "last";
  /** What was measured, for `diagnose`, `lossChart` and the like. */
  readonly history: RunLog;
  /** To go on later, from the last step whatever `weights` says. */
  readonly state: FitState;
  /** The model's output for new examples, row after row. Throws `data-shape`, `shape` for rows unlike the training data's. */
  readonly predict: (x: Exclude<Examples, AsyncIterable<Nested>>) => Tensor;
  /** The weights as a safetensors file under PyTorch's names. */
  readonly save: () => Uint8Array<ArrayBuffer>;
  /** The run itself: its step, its data and its evaluation. Where a GPU made the steps, `run.step` makes no more. */
  readonly run: BuiltRun;
}

/**
 * Trains a model on data in memory, or on a stream of examples (`FitStream`). The best weights are kept, the history can be diagnosed, and an aborted or finished
 * run goes on from its `state`, to the same bits as if it had not stopped. Throws `NonFiniteError` where the loss or the
 * gradient is no number, and what `buildCodeRun` throws.
 */
export async function fit({
  onStep,
  resume,
  signal,
  onProgress,
  clock,
  late,
  backend = wasm,
  ...options
}: FitOptions): Promise<FitResult> {
  const { spec, host } = await declareFit(options);
  const again = async (): Promise<BuiltRun> => buildRun(spec, { host, backend, late: async () => backend });
  const built = await buildRun(spec, { host, backend, late });
  const from = resume === undefined ? undefined : restored(built, resume);
  const kept = memoryStore(resume?.metrics.slice(0, from?.metricsBytes) ?? "");
  const { step: steps, ...outcome } = await train(built, {
    store: kept.store,
    ...(from && { from }),
    signal,
    onProgress,
    onStep: onStep && tellingOf(built, onStep),
    ...(late && { again }),
    clock,
    checkpointEvery: Number.POSITIVE_INFINITY,
  }).finally(() => {
    built.feed?.close();
    built.step.executable.device?.release();
  });
  const { best, last } = kept.checkpoints;
  const keepsBest = built.data.validation !== undefined && best !== undefined;
  if (keepsBest) restoreCheckpoint(best, built.step.state, "the best weights");
  return {
    ...outcome,
    steps,
    weights: keepsBest ? "best" : "last",
    history: runLog(kept.metrics(), built.spec.name),
    state: { checkpoint: last!, metrics: kept.metrics() },
    predict: (x) => predictRows(built, x),
    save: () => saveWeights(built.step),
    run: built,
  };
}

function restored(built: BuiltRun, { checkpoint }: FitState): Progress {
  const where = "at resume";
  return restoreCheckpoint(checkpoint, built.step.state, where, {
    accept: (settings) => {
      const [first] = differences(settings, keptSettings(built.spec), "when the state was made");
      if (first === undefined) return;
      throw new SteepestError("resume-differs", first, {
        where,
        help: "go on with the options of before (steps, epochs and patience may change), or start anew without resume",
      });
    },
  });
}

interface MemoryStore {
  readonly store: RunStore;
  readonly metrics: () => string;
  readonly checkpoints: { last?: Uint8Array; best?: Uint8Array };
}

function memoryStore(metrics: string): MemoryStore {
  const checkpoints: MemoryStore["checkpoints"] = {};
  return {
    metrics: () => metrics,
    checkpoints,
    store: {
      appendMetrics: (text) => {
        metrics += text;
        return metrics.length;
      },
      saveCheckpoint: (which, bytes) => {
        checkpoints[which] = bytes;
      },
    },
  };
}

/** Tells a step in one record. */
function tellingOf({ plan }: BuiltRun, onStep: (step: FitStep) => void): TrainOptions["onStep"] {
  const told: FitStep = { step: 0, epoch: 0, lr: Number.NaN, loss: Number.NaN, gradNorm: Number.NaN };
  return (k, result, lr) => {
    onStep(Object.assign(told, result, { step: k, epoch: plan.epochOf(k - 1) + 1, lr }));
  };
}

const PREDICT_ROWS = 256;

function predictRows(
  { parts, step, backend: _, data }: BuiltRun,
  x: Parameters<FitResult["predict"]>[0],
): Tensor {
  const rows = inputRows(x, { dtype: parts.dtype ?? "float32" });
  const n = rowCount(rows);
  const expected = data.features.shape.slice(1);
  const symbols = data.features.data instanceof Int32Array;
  if (String(rows.shape.slice(1)) !== String(expected) || rows.data instanceof Int32Array !== symbols) {
    throw new SteepestError(
      "data-shape",
      `a row has shape [${rows.shape.slice(1).join(", ")}], the training data's [${expected.join(", ")}]`,
      {
        where: "at x",
        help: symbols ? "give Int32Arrays as in training" : "give a list of rows: predict([row])",
      },
    );
  }
  const plan = batchPlan({ n, batchSize: Math.min(n, PREDICT_ROWS), shuffle: false });
  const { model, optimizer, dtype = "float32" } = parts;
  const shape = { shape: [plan.batchSize, ...expected], ...(symbols && { dtype: "int32" as const }) };
  const program = predictStep({ model, optimizer, dtype, batch: { x: shape }, state: step.state });
  const width = program.shape.slice(1).reduce((a, b) => a * b, 1);
  const values = dtype === "float32" ? new Float32Array(n * width) : new Float64Array(n * width);
  const row = rows.rowStride;
  for (let k = 0; k < plan.stepsPerEpoch; k++) {
    const [start, count] = [k * plan.batchSize, plan.sizeOf(k)];
    const part = rows.data.subarray(start * row, (start + count) * row) as DataArray;
    values.set(program({ x: part }), start * width);
  }
  return { values, shape: [n, ...program.shape.slice(1)] };
}
