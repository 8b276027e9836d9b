/** What a run leaves behind: lines of metrics, the best state so far, and checkpoints to go on from. */

import { NonFiniteError } from "../run/errors.ts";
import type { BuiltRun } from "./build.ts";
import { type About, type Best, encodeCheckpoint, type Progress } from "./checkpoint.ts";
import { metricsHeader, metricsLine } from "./log.ts";
import { modelRecord } from "./model-record.ts";
import type { StateTensor, StepResult } from "./program.ts";
import { keptSettings } from "./resume.ts";

/** Where a run is kept: a folder, or nothing at all. Each call is complete when it returns. */
export interface RunStore {
  /** Appends to metrics.jsonl and returns its length in bytes. */
  readonly appendMetrics: (text: string) => number;
  /** Replaces the checkpoint as a whole or not at all. */
  readonly saveCheckpoint: (which: "last" | "best", bytes: Uint8Array) => void;
}

export interface Recorder {
  /**
   * Takes the result of the k-th step, k from 1, made with rate `lr`: its line of metrics, and at an epoch's end the
   * validation. Throws `NonFiniteError` where the run stops at such numbers; what was measured is written before.
   */
  readonly take: (k: number, result: StepResult, lr: number) => void;
  /** Whether it looks at the weights when it takes the k-th step. */
  readonly looksAt: (k: number) => boolean;
  /** Writes the lines that are waiting. */
  readonly flush: () => void;
  /** Writes lines and checkpoints as they are after k steps. Throws `NonFiniteError` for a broken parameter. */
  readonly checkpoint: (k: number) => void;
  /** Loss of the last step, before its update. */
  readonly lastLoss: () => number | null;
  readonly best: () => Best | null;
  /** Whether the run has ended before its last step, for its loss no longer falls. */
  readonly isStopped: () => boolean;
  /** The last validation of this session. */
  readonly validation: () => Readonly<Record<string, number>> | null;
}

export interface RecorderOptions {
  readonly store?: RunStore | undefined;
  /** Where a restored checkpoint stood. */
  readonly from?: Progress | undefined;
}

export function createRecorder(run: BuiltRun, { store, from }: RecorderOptions): Recorder {
  const { totalSteps, plan, logEvery, spec, rate } = run;
  const state = run.step.state;
  const guarded = spec.nonFinite === "stop";
  const patience = stopping(run, from?.mark ?? null);
  const { measuresAt, keepsAt } = looksOf(run);
  const lines = metricsLines(store, {
    waiting: from === undefined || from.metricsBytes === 0 ? metricsHeader(run) : "",
    bytes: from?.metricsBytes ?? 0,
  });
  const about: About = { model: modelRecord(run), settings: keptSettings(spec) };
  const best = bestState(state, { best: from?.best ?? null, keep: store !== undefined, about });
  let [epochSum, epochCount] = from?.epochLoss ?? [0, 0];
  let [lastLoss, lastStep] = [from?.lastLoss ?? null, from?.step ?? 0];
  let validation: Readonly<Record<string, number>> | null = null;

  const progressAt = (k: number): Progress => ({
    step: k,
    seed: spec.seed,
    epochLoss: [epochSum, epochCount],
    lastLoss,
    best: best.now(),
    ...patience.mark(),
    metricsBytes: lines.length(),
    schedule: rate.state(),
    position: { epoch: plan.epochOf(k) + 1, row: plan.rowOf(k) },
  });
  const endEpoch = (k: number): void => {
    const epoch = plan.epochOf(k - 1) + 1;
    const meanLoss = epochSum / epochCount;
    [epochSum, epochCount] = [0, 0];
    if (!measuresAt(k)) return;
    validation = run.evaluate("validation");
    const measure = validation?.["loss"] ?? meanLoss;
    rate.observe(measure);
    // the measure is taken each time; a line is written so often that the file stays small
    if (validation !== null && (epoch % run.validationLogEvery === 0 || k === totalSteps)) {
      const { loss, ...others } = validation;
      lines.add(metricsLine(k, { epoch, validationLoss: loss!, ...withPrefix("validation", others) }));
    }
    patience.observe(measure, k);
    best.offer(measure, k, () => progressAt(k));
  };
  const checkpoint = (k: number): void => {
    if (store === undefined) return;
    lines.flush();
    const broken = guarded ? firstNonFinite(state) : undefined;
    if (broken !== undefined) {
      throw notFinite(`${broken} became NaN or infinite`, k, rate.lrAt(Math.max(0, k - 1)));
    }
    // best before last: a run resumed from last finds again whatever best it had not written
    best.save(store);
    store.saveCheckpoint("last", encodeCheckpoint(state, progressAt(k), about));
  };
  return {
    take: (k, result, lr) => {
      const { loss } = result;
      if (guarded && !(Number.isFinite(loss) && Number.isFinite(result.gradNorm))) {
        lines.add(metricsLine(k, { ...result, lr }));
        lines.flush();
        throw brokenStep(result, k, lr);
      }
      [lastLoss, lastStep] = [loss, k];
      epochSum += loss;
      epochCount++;
      if (k % logEvery === 0 || k === 1 || k === totalSteps) lines.add(stepLine(plan, k, { result, lr }));
      if (plan.endsEpoch(k - 1) || k === totalSteps) endEpoch(k);
      if (keepsAt(k)) checkpoint(k);
    },
    looksAt: (k) => measuresAt(k) || keepsAt(k),
    flush: lines.flush,
    checkpoint,
    lastLoss: () => lastLoss,
    best: best.now,
    isStopped: () => patience.isOver(lastStep),
    validation: () => validation,
  };
}

/** A step's metrics, with its batch's size where batches grow. */
const stepLine = (
  plan: BuiltRun["plan"],
  k: number,
  { result, lr }: { result: StepResult; lr: number },
): string =>
  metricsLine(k, plan.stages.length > 1 ? { ...result, batchSize: plan.sizeOf(k - 1) } : result, lr);

/** After which steps the weights are measured, and after which they are kept. */
function looksOf({ data, spec, totalSteps, plan }: BuiltRun): {
  readonly measuresAt: (k: number) => boolean;
  readonly keepsAt: (k: number) => boolean;
} {
  // without validation rows an epoch costs no more than its loss: a thousand looks are enough
  const costsNothing = data.validation === undefined && spec.earlyStopping === undefined;
  const epochs = plan.epochOf(totalSteps - 1) + 1;
  const every = costsNothing ? Math.max(1, Math.ceil(epochs / 1000)) : 1;
  const { checkpointEvery = Number.POSITIVE_INFINITY } = spec;
  return {
    measuresAt: (k) => k === totalSteps || (plan.endsEpoch(k - 1) && (plan.epochOf(k - 1) + 1) % every === 0),
    keepsAt: (k) => k % checkpointEvery === 0 && k < totalSteps,
  };
}

interface Patience {
  /** Takes the measure after k steps. */
  readonly observe: (measure: number, k: number) => void;
  /** `mark` of the progress. */
  readonly mark: () => { readonly mark?: Best };
  readonly isOver: (k: number) => boolean;
}

/** Counts the epochs since the measure was last lowered by enough. */
function stopping({ spec, plan }: BuiltRun, from: Best | null): Patience {
  const { patience = Number.POSITIVE_INFINITY, minDelta = 0 } = spec.earlyStopping ?? {};
  let mark = from;
  return {
    observe: (loss, step) => {
      if (spec.earlyStopping === undefined) return;
      if (mark === null || loss < mark.loss - minDelta) mark = { loss, step };
    },
    mark: () => (mark === null ? {} : { mark }),
    isOver: (k) => mark !== null && plan.epochOf(k) - plan.epochOf(mark.step) >= patience,
  };
}

interface MetricsLines {
  readonly add: (line: string) => void;
  readonly flush: () => void;
  /** Bytes of the file once everything is written. */
  readonly length: () => number;
}

function metricsLines(
  store: RunStore | undefined,
  { waiting, bytes }: { waiting: string; bytes: number },
): MetricsLines {
  return {
    add: (line) => {
      waiting += line;
    },
    flush: () => {
      if (waiting === "" || store === undefined) return;
      bytes = store.appendMetrics(waiting);
      waiting = "";
    },
    length: () => bytes + waiting.length, // the lines are ASCII
  };
}

interface BestState {
  readonly now: () => Best | null;
  /** Copies the state when the measure is the lowest so far. */
  readonly offer: (loss: number, step: number, progress: () => Progress) => void;
  readonly save: (store: RunStore) => void;
}

/** The best state is copied when it is met and written with the next checkpoint: it may be met many times a second. */
function bestState(
  state: readonly StateTensor[],
  { best, keep, about }: { best: Best | null; keep: boolean; about: About },
): BestState {
  const copy: StateTensor[] = []; // made on first use and reused
  let unsaved: Progress | null = null;
  return {
    now: () => best,
    offer: (loss, step, progress) => {
      if (!(loss < (best?.loss ?? Number.POSITIVE_INFINITY))) return;
      best = { loss, step };
      if (!keep) return;
      if (copy.length === 0) for (const t of state) copy.push({ ...t, values: t.values.slice() });
      else state.forEach((t, i) => copy[i]!.values.set(t.values));
      unsaved = progress();
    },
    save: (store) => {
      if (unsaved !== null) store.saveCheckpoint("best", encodeCheckpoint(copy, unsaved, about));
      unsaved = null;
    },
  };
}

function firstNonFinite(state: readonly StateTensor[]): string | undefined {
  const finite = (values: ArrayLike<number>): boolean => {
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
    return true;
  };
  return state
    .find(({ name, values }) => name.startsWith("param.") && !finite(values))
    ?.name.slice("param.".length);
}

function brokenStep({ loss, gradNorm }: StepResult, k: number, lr: number): NonFiniteError {
  const what = Number.isFinite(loss)
    ? `the gradient's norm became ${gradNorm} (loss ${loss})`
    : `the loss became ${loss}`;
  return notFinite(what, k, lr);
}

function notFinite(what: string, step: number, lr: number): NonFiniteError {
  return new NonFiniteError(what, {
    where: `at step ${step} (lr ${lr})`,
    help:
      `try a smaller learning rate (--optimizer.lr ${Number((lr / 10).toPrecision(3))}), clip the gradient ` +
      "(--clip.globalNorm 1), or look for extreme values in the data; the last good checkpoint is kept",
  });
}

/** "validation", { loss } → { validationLoss } */
export const withPrefix = (
  prefix: string,
  record: Readonly<Record<string, number>>,
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(record).map(([key, value]) => [`${prefix}${key[0]!.toUpperCase()}${key.slice(1)}`, value]),
  );
