/** A built run that can be started again with any seed and put back where it stood, and is left exactly as it was found. */
import { type BatchPlan, batchPlan, rowCount } from "../../data/index.ts";
import type { TypedArray } from "../../engine/graph/index.ts";
import type { BuiltRun } from "../../train/build.ts";

export interface RunStepper {
  /** Back to the start with the initial weights, batches and random numbers of this seed. */
  readonly restart: (seed: number) => void;
  /** One step; returns the loss before it. */
  readonly step: (lr: number, momentum?: number) => number;
  /** A copy of weights, buffers and optimizer state. */
  readonly snapshot: () => readonly TypedArray[];
  /** Goes on after `position` steps with this seed's batches. */
  readonly resume: (seed: number, position: number, state: readonly TypedArray[]) => void;
  /** Weights, optimizer state, seed and step count as they were at the beginning. */
  readonly restore: () => void;
}

export function runStepper({ spec, data, plan, step }: BuiltRun): RunStepper {
  const snapshot = (): TypedArray[] => step.state.map((t) => t.values.slice());
  const load = (state: readonly TypedArray[]): void =>
    step.state.forEach((t, i) => {
      t.values.set(state[i]!);
    });
  const before = snapshot();
  const count = step.count;
  const { features, target } = data;
  // whole batches only: the program of an epoch's short last batch is another one
  const batchesOf = (seed: number): BatchPlan =>
    batchPlan({
      n: rowCount(features),
      batchSize: plan.batchSize,
      shuffle: spec.shuffle,
      dropLast: true,
      seed,
    });
  let batches = plan;
  let drawn: number | null = null;
  let k = 0;
  const draw = (seed: number): void => {
    step.redraw(seed);
    if (drawn !== seed) batches = batchesOf(seed);
    drawn = seed;
  };
  return {
    restart: (seed) => {
      draw(seed);
      k = 0;
    },
    step: (lr, momentum) => {
      batches.fill(k, features, target, step.inputs["x"]!, step.inputs["y"] ?? null);
      k++;
      return step.run(k, lr, momentum).loss;
    },
    snapshot,
    resume: (seed, position, state) => {
      if (seed !== drawn) draw(seed);
      load(state);
      k = position;
    },
    restore: () => {
      step.redraw(spec.seed);
      load(before);
      step.count = count;
    },
  };
}
