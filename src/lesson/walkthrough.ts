/**
 * The lesson's two programs, replayed: the data of NumPy's seed 42, the initial weights of PyTorch's seed 42, float32
 * as the lesson computes and float64 to tell rounding from method.
 */
import { lessonIllConditioned, lessonLogistic } from "../data/sources/lesson.ts";
import { standardize } from "../data/standardize.ts";
import type { Backend, Executable } from "../engine/backend.ts";
import {
  add,
  constant,
  div,
  input,
  log,
  matmul,
  mean,
  min,
  mul,
  neg,
  reshape,
  sigmoid,
  sub,
} from "../engine/graph/index.ts";
import {
  type InitRandom,
  initParams,
  linear,
  type ParamDType,
  sequential,
  sigmoid as sigmoidLayer,
  torchInit,
} from "../nn/index.ts";
import * as losses from "../nn/losses/index.ts";
import { adam, sgd, type Transform } from "../optim/index.ts";
import { torchGenerator } from "../random/index.ts";
import { type TrainStep, trainStep } from "../train/program.ts";

const EPOCHS = 500;

/** The two models of the lesson come out of one PyTorch stream in turn: SGD's, then Adam's. */
export type Start = "sgd" | "adam" | "zeros";

/** How the lesson's first program is run. */
export interface FirstProgramOptions {
  readonly backend: Backend;
  readonly optimizer: Transform;
  readonly start: Start;
  readonly dtype?: ParamDType;
  /** "bce" on sigmoid outputs with PyTorch's clamping is what the lesson wrote. */
  readonly loss?: "bce" | "bce-with-logits";
  /** Brings each feature to mean 0 and deviation 1 first, which the lesson does not. */
  readonly standardized?: boolean;
}

/** The first program's training step, its batch (all of the data) in place. */
export function firstProgram({
  backend,
  optimizer,
  start,
  dtype = "float32",
  loss = "bce",
  standardized = false,
}: FirstProgramOptions): TrainStep<Record<"x" | "y", readonly number[]>> {
  const { features, target } = standardized ? standardize(lessonIllConditioned()) : lessonIllConditioned();
  const n = target.data.length;
  const step = trainStep({
    model: loss === "bce" ? sequential(linear(3, 1), sigmoidLayer()) : sequential(linear(3, 1)),
    loss: (output, batch) =>
      loss === "bce" ? losses.bce(output, batch.y) : losses.bceWithLogits(output, batch.y),
    optimizer,
    batch: { x: [n, 3], y: [n, 1] },
    dtype,
    backend,
    init: initialDraws(start),
  });
  step.inputs.x.set(features.data);
  step.inputs.y.set(target.data);
  return step;
}

function initialDraws(start: Start): InitRandom {
  if (start === "zeros") return { uniform: (n) => new Float64Array(n), normal: (n) => new Float64Array(n) };
  // nn.Linear draws float32 whatever the run computes in
  const draws = torchInit(torchGenerator(42), "float32");
  if (start === "adam") initParams(linear(3, 1), draws);
  return draws;
}

/** The loss before each of so many steps. */
export function history(step: Pick<TrainStep, "run" | "lr">, epochs: number): Float64Array {
  const out = new Float64Array(epochs);
  for (let k = 0; k < epochs; k++) out[k] = step.run(k + 1, step.lr).loss;
  return out;
}

export interface WalkthroughOptions {
  readonly backend: Backend;
  readonly dtype?: ParamDType;
  readonly epochs?: number;
  readonly loss?: "bce" | "bce-with-logits";
  readonly lr?: { readonly sgd: number; readonly adam: number };
}

/** The first program: loss at each epoch for SGD, then Adam. */
export function optimizerHistories({
  epochs = EPOCHS,
  lr = { sgd: 0.001, adam: 0.01 },
  ...options
}: WalkthroughOptions): { readonly sgd: Float64Array; readonly adam: Float64Array } {
  return {
    sgd: history(firstProgram({ ...options, optimizer: sgd({ lr: lr.sgd }), start: "sgd" }), epochs),
    adam: history(firstProgram({ ...options, optimizer: adam({ lr: lr.adam }), start: "adam" }), epochs),
  };
}

/** The second program's `train_gd`: its loss has 1e-9 inside both logs, its gradient does not; losses are cut at 10. */
export function gradientDescentHistories({
  backend,
  dtype = "float64",
  epochs = EPOCHS,
  rates = [5.0, 0.5, 0.001],
}: {
  readonly backend: Backend;
  readonly dtype?: ParamDType;
  readonly epochs?: number;
  readonly rates?: readonly number[];
}): readonly Float64Array[] {
  const { features, target } = lessonLogistic();
  const n = target.data.length;
  const float = (values: ArrayLike<number>): Float32Array | Float64Array =>
    dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values);
  const x = constant(float(features.data), { shape: [n, 5], dtype });
  const y = constant(float(target.data), { shape: [n, 1], dtype });
  const w = input("w", [5, 1], dtype);
  const rate = input("lr", [], "float64");
  const yhat = sigmoid(matmul(x, w));
  const loss = neg(mean(add(mul(y, log(add(yhat, 1e-9))), mul(sub(1, y), log(add(sub(1, yhat), 1e-9))))));
  const gradient = div(matmul(x, sub(yhat, y), { transposeA: true }), n);
  const program: Executable = backend.compile({
    inputs: [rate],
    state: [{ input: w, next: reshape(sub(w, mul(rate, gradient)), [5, 1]) }],
    outputs: [{ name: "loss", value: min(loss, 10) }],
  });
  return rates.map((lr) => {
    program.view("w").fill(0);
    program.view("lr")[0] = lr;
    const out = new Float64Array(epochs);
    for (let k = 0; k < epochs; k++) {
      program.run();
      out[k] = program.view("loss")[0]!;
    }
    return out;
  });
}
