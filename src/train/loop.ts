/**
 * The training loop: steps in slices, so that a page or a terminal stays alive between them. What the steps give goes to
 * the recorder. Files and the clock are injected.
 */

import { type Clock, type LongWork, systemClock } from "../run/long-work.ts";
import type { BuiltRun } from "./build.ts";
import type { Best, Progress } from "./checkpoint.ts";
import { type Hyper, lateRun } from "./late-run.ts";
import type { StepResult } from "./program.ts";
import { createRecorder, type Recorder, type RunStore } from "./recorder.ts";

/** Where a training stands, as `onProgress` hears it. */
export interface TrainProgress {
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  /** Rows of a whole batch, where they grow in this run; else null. */
  readonly batchSize: number | null;
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
  /** Called after step k, from 1, with its measurements, before they are judged. */
  readonly onStep?: ((k: number, result: StepResult, lr: number) => void) | undefined;
  /** Of a run built with `late`: builds the same one where no device can be lost; called when one was. */
  readonly again?: (() => Promise<BuiltRun>) | undefined;
}

/** How a training ended. */
export interface TrainOutcome {
  readonly status: "done" | "interrupted";
  /** Whether it was done before its last step, for its loss no longer fell (`earlyStopping`). */
  readonly stoppedEarly: boolean;
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

/** Milliseconds between two writes of metrics. */
const FLUSH_EVERY = 100;
/** Milliseconds that may pass between two looks at the clock. */
const LOOK_EVERY = 0.2;

/**
 * Runs the steps that are left. Throws `NonFiniteError` where the run stops at NaN or infinite numbers; all that was
 * written before stays whole.
 */
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
    onStep,
    again,
  }: TrainOptions = {},
): Promise<TrainOutcome> {
  const { totalSteps, rate } = run;
  if (from !== undefined) rate.restore(from.schedule);
  const recorder = createRecorder(run, { store, from });
  const first = from?.step ?? 0;
  const began = clock.now();
  const flushing = every(FLUSH_EVERY, began);
  const saving = every(checkpointEvery, began);
  const kit: Kit = { recorder, clock, first, onStep };
  const steps = again === undefined ? stepsOf(run, kit) : lateStepsOf(run, again, kit);
  if (from === undefined) recorder.checkpoint(0);
  while (steps.count() < totalSteps && !recorder.isStopped() && signal?.aborted !== true) {
    await run.feed?.wait(steps.count());
    const now = await steps.runFor(slice);
    if (flushing.isDue(now)) {
      recorder.flush();
      flushing.done(now);
    }
    if (saving.isDue(now) && steps.count() < totalSteps) {
      await steps.settle();
      recorder.checkpoint(steps.count());
      saving.done(clock.now());
    }
    const { loss, gradNorm } = steps.result();
    const speed = ((steps.count() - first) / Math.max(1e-9, now - began)) * 1000;
    onProgress?.({
      step: steps.count(),
      totalSteps,
      epoch: run.plan.epochOf(steps.count() - 1) + 1,
      batchSize: run.plan.stages.length > 1 ? run.plan.wholeSizeOf(steps.count() - 1) : null,
      loss,
      lr: steps.lr(),
      gradNorm,
      stepsPerSecond: speed,
      eta: (totalSteps - steps.count()) / speed,
      validation: recorder.validation(),
    });
    await clock.pause();
  }
  const seconds = (clock.now() - began) / 1000;
  const step = steps.count();
  const stoppedEarly = step < totalSteps && recorder.isStopped();
  await steps.settle();
  recorder.checkpoint(step);
  return {
    status: step < totalSteps && !stoppedEarly ? "interrupted" : "done",
    stoppedEarly,
    step,
    finalLoss: recorder.lastLoss(),
    best: recorder.best(),
    validation: recorder.validation() ?? run.evaluate("validation"),
    lr: steps.lr(),
    seconds,
    stepsPerSecond: step > first ? (step - first) / seconds : 0,
  };
}

interface Steps {
  /** Steps made over the whole run. */
  readonly count: () => number;
  /** Learning rate of the last step. */
  readonly lr: () => number;
  readonly result: () => StepResult;
  /** Makes steps for so many milliseconds, or as far as there are batches, one at least, and returns the time. */
  readonly runFor: (milliseconds: number) => number | Promise<number>;
  /** Brings the weights to the run's state. */
  readonly settle: () => Promise<void> | undefined;
}

interface Kit extends Pick<TrainOptions, "onStep"> {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly first: number;
}

function stepsOf(
  { totalSteps, rate, advance, step, feed }: BuiltRun,
  { recorder, clock, first, onStep }: Kit,
): Steps {
  let k = first;
  let lr = rate.lrAt(Math.max(0, k - 1));
  let result = step.result;
  const one = (): void => {
    lr = rate.lrAt(k);
    try {
      result = advance(k, lr, rate.momentumAt(k));
    } catch (error) {
      recorder.flush(); // a clip that refuses the gradient: what was measured before is kept
      throw error;
    }
    k++;
    onStep?.(k, result, lr);
    recorder.take(k, result, lr);
  };
  // reading the clock costs as much as a small step: short steps look at it now and then
  let stride = 1;
  let untilLook = 1;
  return {
    count: () => k,
    lr: () => lr,
    result: () => result,
    settle: () => undefined,
    runFor: (milliseconds) => {
      let now = clock.now();
      const until = now + milliseconds;
      do {
        one();
        if (--untilLook > 0) continue;
        const before = now;
        now = clock.now();
        stride = now - before < LOOK_EVERY ? Math.min(2 * stride, 256) : Math.max(1, stride >> 1);
        untilLook = stride;
      } while (k < totalSteps && now < until && !recorder.isStopped() && feed?.has(k) !== false);
      return now;
    },
  };
}

/** Steps whose results come later. The recorder takes them in their order, and sees the weights where it looks at them. */
function lateStepsOf(
  run: BuiltRun,
  again: () => Promise<BuiltRun>,
  { recorder, clock, first, onStep }: Kit,
): Steps {
  const { rate, totalSteps } = run;
  const late = lateRun(run, again, { from: first, clock });
  let k = first;
  let lr = rate.lrAt(Math.max(0, k - 1));
  let result = run.step.result;
  const hyperOf = (at: number): Hyper => [rate.lrAt(at), rate.momentumAt(at)];
  const nextLook = (): number => {
    let until = k + 1;
    while (until < totalSteps && !recorder.looksAt(until)) until++;
    return until;
  };
  return {
    count: () => k,
    lr: () => lr,
    result: () => result,
    settle: late.settle,
    runFor: async (milliseconds) => {
      const end = clock.now() + milliseconds;
      do {
        const until = nextLook();
        const results = await late.burst(until, hyperOf);
        if (late.sent() === until) await late.settle();
        for (const found of results) {
          [result, lr] = [found, rate.lrAt(k)];
          k++;
          onStep?.(k, result, lr);
          recorder.take(k, result, lr);
        }
      } while (k < totalSteps && clock.now() < end && !recorder.isStopped());
      return clock.now();
    },
  };
}

/** Whether so many milliseconds have passed since it was done last. */
function every(
  milliseconds: number,
  last: number,
): { isDue: (now: number) => boolean; done: (now: number) => void } {
  return {
    isDue: (now) => now - last >= milliseconds,
    done: (now) => {
      last = now;
    },
  };
}
