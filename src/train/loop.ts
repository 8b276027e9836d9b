/**
 * The training loop: steps in slices, so that a page or a terminal stays alive between them; metrics, validation,
 * checkpoints and the guard against non-finite numbers. Files and the clock are injected.
 */

import { NonFiniteError } from "../run/errors.ts";
import { type LongWork, systemClock } from "../run/long-work.ts";
import type { BuiltRun } from "./build.ts";
import { type Best, encodeCheckpoint, type Progress } from "./checkpoint.ts";
import { metricsHeader, metricsLine } from "./log.ts";
import type { StateTensor, StepResult } from "./program.ts";

/** Where a run is kept: a folder, or nothing at all. Each call is complete when it returns. */
export interface RunStore {
  /** Appends to metrics.jsonl and returns its length in bytes. */
  readonly appendMetrics: (text: string) => number;
  /** Replaces the checkpoint as a whole or not at all. */
  readonly saveCheckpoint: (which: "last" | "best", bytes: Uint8Array) => void;
}

export interface TrainProgress {
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  readonly loss: number;
  readonly lr: number;
  readonly gradNorm: number;
  readonly stepsPerSecond: number;
  /** Seconds that are left at this speed. */
  readonly eta: number;
  readonly validation: Readonly<Record<string, number>> | null;
}

/** The signal is looked at between slices: aborted, the step is finished and a checkpoint written. */
export interface TrainOptions extends LongWork<TrainProgress> {
  readonly store?: RunStore;
  /** Where a restored checkpoint stood. */
  readonly from?: Progress;
  /** Milliseconds between two pauses. */
  readonly slice?: number;
  /** Milliseconds between two checkpoints. */
  readonly checkpointEvery?: number;
}

export interface TrainOutcome {
  readonly status: "done" | "interrupted";
  /** Steps made over the whole run. */
  readonly step: number;
  /** Loss of the last step, before its update. */
  readonly finalLoss: number | null;
  /** Lowest validation loss, or without validation rows the lowest mean training loss of an epoch. */
  readonly best: Best | null;
  /** The last validation. */
  readonly validation: Readonly<Record<string, number>> | null;
  /** Learning rate of the last step. */
  readonly lr: number;
  /** Wall-clock time of this session's steps, without building. */
  readonly seconds: number;
  readonly stepsPerSecond: number;
}

const FLUSH_EVERY = 100;
/** Milliseconds that may pass between two looks at the clock. */
const LOOK_EVERY = 0.2;

export async function train(
  run: BuiltRun,
  {
    store,
    clock = systemClock,
    from,
    signal,
    onProgress,
    slice = 50,
    checkpointEvery = 10_000,
  }: TrainOptions = {},
): Promise<TrainOutcome> {
  const { totalSteps, plan, logEvery, spec, rate, step: program } = run;
  if (from !== undefined) rate.restore(from.schedule);
  const stepsPerEpoch = plan.stepsPerEpoch;
  const totalEpochs = Math.ceil(totalSteps / stepsPerEpoch);
  // without validation rows an epoch costs no more than its loss; a thousand looks are enough
  const lookEvery = run.data.validation === undefined ? Math.max(1, Math.ceil(totalEpochs / 1000)) : 1;

  let k = from?.step ?? 0;
  let [epochSum, epochCount] = from?.epochLoss ?? [0, 0];
  let lastLoss = from?.lastLoss ?? null;
  let best = from?.best ?? null;
  let validation: Readonly<Record<string, number>> | null = null;
  const bestState = snapshotOf(program.state);
  let bestPending: Progress | null = null;

  let metricsBytes = from?.metricsBytes ?? 0;
  let pending = from === undefined ? metricsHeader(run) : "";
  const flush = (): void => {
    if (pending === "" || store === undefined) return;
    metricsBytes = store.appendMetrics(pending);
    pending = "";
  };
  const progressAt = (): Progress => ({
    step: k,
    seed: spec.seed,
    epochLoss: [epochSum, epochCount],
    lastLoss,
    best,
    metricsBytes: metricsBytes + pending.length, // the lines are ASCII
    schedule: rate.state(),
    position: { epoch: Math.floor(k / stepsPerEpoch) + 1, row: (k % stepsPerEpoch) * plan.batchSize },
  });
  const checkpoint = (): void => {
    if (store === undefined) return;
    flush();
    const broken = spec.nonFinite === "stop" ? firstNonFinite(program.state) : undefined;
    if (broken !== undefined)
      throw notFinite(`${broken} became NaN or infinite`, k, rate.lrAt(Math.max(0, k - 1)));
    // best before last: a run resumed from last finds again whatever best it had not written
    if (bestPending !== null) store.saveCheckpoint("best", encodeCheckpoint(bestState.tensors, bestPending));
    bestPending = null;
    store.saveCheckpoint("last", encodeCheckpoint(program.state, progressAt()));
  };

  const endEpoch = (): void => {
    const epoch = Math.ceil(k / stepsPerEpoch);
    const meanLoss = epochSum / epochCount;
    epochSum = 0;
    epochCount = 0;
    if (epoch % lookEvery !== 0 && k < totalSteps) return;
    validation = run.evaluate("validation");
    const measure = validation?.["loss"] ?? meanLoss;
    rate.observe(measure);
    if (validation !== null) {
      const { loss, ...others } = validation;
      pending += metricsLine(k, { epoch, validationLoss: loss!, ...withPrefix("validation", others) });
    }
    if (measure < (best?.loss ?? Number.POSITIVE_INFINITY)) {
      best = { loss: measure, step: k };
      if (store !== undefined) {
        bestState.take();
        bestPending = progressAt();
      }
    }
  };

  const began = clock.now();
  const first = k;
  let lastFlush = began;
  let lastCheckpoint = began;
  let lr = rate.lrAt(Math.max(0, k - 1));
  let result: StepResult = program.result;
  if (from === undefined) checkpoint();
  const report = (now: number): void => {
    const speed = ((k - first) / Math.max(1e-9, now - began)) * 1000;
    onProgress?.({
      step: k,
      totalSteps,
      epoch: Math.floor((k - 1) / stepsPerEpoch) + 1,
      loss: result.loss,
      lr,
      gradNorm: result.gradNorm,
      stepsPerSecond: speed,
      eta: (totalSteps - k) / speed,
      validation,
    });
  };

  // reading the clock costs as much as a small step: short steps look at it now and then
  let stride = 1;
  let untilLook = 1;
  const guarded = spec.nonFinite === "stop";
  let status: TrainOutcome["status"] = "done";
  while (k < totalSteps) {
    if (signal?.aborted === true) {
      status = "interrupted";
      break;
    }
    let now = clock.now();
    const until = now + slice;
    do {
      lr = rate.lrAt(k);
      try {
        result = run.advance(k, lr, rate.momentumAt(k));
      } catch (error) {
        flush(); // a clip that refuses the gradient: what was measured before is kept
        throw error;
      }
      const loss = result.loss;
      k++;
      if (guarded && !(Number.isFinite(loss) && Number.isFinite(result.gradNorm))) {
        pending += metricsLine(k, { ...result, lr });
        flush();
        const what = Number.isFinite(loss)
          ? `the gradient's norm became ${result.gradNorm} (loss ${loss})`
          : `the loss became ${loss}`;
        throw notFinite(what, k, lr);
      }
      lastLoss = loss;
      epochSum += loss;
      epochCount++;
      if (k % logEvery === 0 || k === 1 || k === totalSteps) pending += metricsLine(k, result, lr);
      if (k % stepsPerEpoch === 0 || k === totalSteps) endEpoch();
      if (spec.checkpointEvery !== undefined && k % spec.checkpointEvery === 0 && k < totalSteps)
        checkpoint();
      if (--untilLook <= 0) {
        const before = now;
        now = clock.now();
        stride = now - before < LOOK_EVERY ? Math.min(2 * stride, 256) : Math.max(1, stride >> 1);
        untilLook = stride;
      }
    } while (k < totalSteps && now < until);
    if (now - lastFlush >= FLUSH_EVERY) {
      flush();
      lastFlush = now;
    }
    if (now - lastCheckpoint >= checkpointEvery && k < totalSteps) {
      checkpoint();
      lastCheckpoint = clock.now();
    }
    report(now);
    await clock.pause();
  }
  const seconds = (clock.now() - began) / 1000;
  checkpoint();
  return {
    status,
    step: k,
    finalLoss: lastLoss,
    best,
    validation: validation ?? run.evaluate("validation"),
    lr,
    seconds,
    stepsPerSecond: k > first ? (k - first) / seconds : 0,
  };
}

/** Room for a copy of the state, made on first use and reused. */
function snapshotOf(state: readonly StateTensor[]): {
  readonly tensors: readonly StateTensor[];
  readonly take: () => void;
} {
  const tensors: StateTensor[] = [];
  return {
    tensors,
    take: () => {
      if (tensors.length === 0) for (const t of state) tensors.push({ ...t, values: t.values.slice() });
      else state.forEach((t, i) => tensors[i]!.values.set(t.values));
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

function notFinite(what: string, step: number, lr: number): NonFiniteError {
  return new NonFiniteError(what, {
    where: `at step ${step} (lr ${lr})`,
    help:
      `try a smaller learning rate (--optimizer.lr ${Number((lr / 10).toPrecision(3))}), clip the gradient ` +
      "(--clip.globalNorm 1), or look for extreme values in the data; the last good checkpoint is kept",
  });
}

const withPrefix = (prefix: string, record: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(record).map(([key, value]) => [`${prefix}${key[0]!.toUpperCase()}${key.slice(1)}`, value]),
  );
