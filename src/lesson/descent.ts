/**
 * A loss of named tensors and an optimizer of the library, as one compiled training step that is run many times. A batch
 * of independent runs is one tensor: the gradient of a sum is each run's own.
 */
import type { Expr, Shape, TypedArray } from "../engine/graph/index.ts";
import type { Key, Layer, ParamDType } from "../nn/layer.ts";
import type { Tensors, Transform } from "../optim/index.ts";
import { type StepResult, trainStep } from "../train/program.ts";
import type { BatchShapes } from "../train/trace.ts";
import type { LessonContext } from "./context.ts";

/** A small problem: tensors with their starts, a loss of them, and an optimizer. */
export interface DescentParts {
  /** Where each tensor starts. */
  readonly start: Readonly<Record<string, { readonly shape: Shape; readonly values: ArrayLike<number> }>>;
  /** A scalar; `random` are the key words of this step's random numbers. */
  readonly loss: (at: Tensors, data: Tensors, random: Key) => Expr;
  readonly optimizer: Transform;
  /** What the host may set between steps. */
  readonly data?: BatchShapes;
  readonly dtype?: ParamDType;
  /** Of the step's random numbers. */
  readonly seed?: number;
}

/** An optimizer on a small problem, step by step. */
export interface Descent {
  /** The tensors themselves: writing sets them. */
  readonly at: Readonly<Record<string, TypedArray>>;
  readonly data: Readonly<Record<string, TypedArray>>;
  /** The optimizer's state, by its name in a checkpoint. */
  readonly state: Readonly<Record<string, TypedArray>>;
  /** One step; the loss is the one before the update. */
  readonly step: (lr?: number) => StepResult;
  /** Back to the start, optimizer and random numbers too. */
  readonly reset: () => void;
}

/** Compiles a small problem's step and stands at its start. */
export function descent(
  { backend }: Pick<LessonContext, "backend">,
  { start, loss, optimizer, data = {}, dtype = "float64", seed = 0 }: DescentParts,
): Descent {
  // a layer sees the tensors and a loss sees the batch; this loss needs both, so the layer leaves its tensors here
  let point: { readonly at: Tensors; readonly random: Key } | null = null;
  const model: Layer = {
    params: Object.fromEntries(
      Object.entries(start).map(([name, { shape, values }]) => [
        name,
        { shape, init: () => Float64Array.from(values) },
      ]),
    ),
    buffers: {},
    keys: 1,
    forward: (at, x, { key }) => {
      point = { at, random: key! };
      return { output: x, buffers: {} };
    },
  };
  const program = trainStep({
    model,
    loss: (_, batch) => loss(point!.at, batch, point!.random),
    optimizer,
    batch: { x: [], ...data },
    dtype,
    backend,
    seed,
  });
  const named = (prefix: string): [string, TypedArray][] =>
    program.state
      .filter((s) => s.name.startsWith(prefix))
      .map((s) => [s.name.slice(prefix.length), s.values]);
  const first = program.state.map((s) => s.values.slice());
  let count = 0;
  return {
    at: Object.fromEntries(named("param.")),
    state: Object.fromEntries(named("optimizer.")),
    data: program.inputs,
    step: (lr = program.lr) => program.run(++count, lr),
    reset: () => {
      program.state.forEach((s, i) => {
        s.values.set(first[i]!);
      });
      count = 0;
    },
  };
}

/** Runs up to `most` steps at one rate until `done` says so; the number of steps made, or null when it never did. */
export async function stepsUntil(
  run: Descent,
  done: (result: StepResult) => boolean,
  { lr, maxSteps, pause }: { lr?: number; maxSteps: number; pause?: () => Promise<void> },
): Promise<number | null> {
  for (let k = 0; k <= maxSteps; k++) {
    // the loss that a step reports is the one before it
    if (done(run.step(lr))) return k;
    if (k % 1000 === 999) await pause?.();
  }
  return null;
}
