/** Whole steps of training on a device: against PyTorch's numbers and against WebAssembly, and when the device goes. */

import { memoryHost } from "../../src/data/index.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import type { WebGpuBackend } from "../../src/engine/backends/webgpu.ts";
import * as nn from "../../src/nn/index.ts";
import * as losses from "../../src/nn/losses/index.ts";
import * as optim from "../../src/optim/index.ts";
import { makeSchedule } from "../../src/optim/schedules/index.ts";
import { parseRun } from "../../src/run/index.ts";
import {
  type BuiltRun,
  buildRun,
  type FitOptions,
  type FitResult,
  fit,
  lateRun,
} from "../../src/train/index.ts";
import {
  type StepResult,
  type TrainStep,
  type TrainStepOptions,
  trainStep,
} from "../../src/train/program.ts";
import { errorOf, values } from "../conformance/harness.ts";
import { goldenBatch, goldenStep } from "../nn/golden-transformer.ts";

/** The losses of the first of PyTorch's steps, read back every so often. */
export async function transformerLosses(backend: Backend, text: string): Promise<number[]> {
  const step = goldenStep(backend, "float32", { late: true });
  const found: number[] = [];
  for (let k = 0; k < 5; k++) {
    step(goldenBatch(text, k));
    if (k % 3 === 2) found.push(...(await step.results()).map((r) => r.loss));
  }
  found.push(...(await step.results()).map((r) => r.loss));
  step.executable.device?.release();
  return found;
}

type Batch = Readonly<Record<"x" | "y", ArrayLike<number>>>;
interface Problem {
  readonly make: (backend: Backend) => TrainStep;
  readonly batch: (k: number) => Batch;
}

/** Whose batch's parts are known by their names alone. */
const made = (options: TrainStepOptions): TrainStep => trainStep(options);
const classes = (count: number, below: number, seed: number): number[] =>
  Array.from(values([count], { seed }), (v) => Math.floor(((v + 2) / 4) * below));

/** Dropout, a clip, a schedule, weight decay, momentum: what a step may hold beside the model. */
const mlp: Problem = {
  make: (backend) =>
    made({
      model: nn.sequential(nn.linear(9, 16), nn.gelu(), nn.dropout(0.2), nn.linear(16, 4)),
      loss: (out, b) => losses.softmaxCrossEntropy(out, b["y"]!),
      optimizer: optim.chain(optim.clipByGlobalNorm(0.5), optim.adamw({ lr: 0.01, weightDecay: 0.1 })),
      schedule: makeSchedule("warmup-cosine", 0.01, { warmupSteps: 5, totalSteps: 40 }),
      batch: { x: [12, 9], y: { shape: [12], dtype: "int32" } },
      seed: 3,
      backend,
      late: true,
    }),
  batch: (k) => ({ x: values([12, 9], { seed: 50 + k }), y: classes(12, 4, 80 + k) }),
};

/** Convolutions, whose gradients read windows and fold them, pooling and running means. */
const cnn: Problem = {
  make: (backend) =>
    made({
      model: nn.sequential(
        nn.conv2d(2, 4, 3, { padding: 1 }),
        nn.batchNorm(4),
        nn.relu(),
        nn.maxPool2d(2),
        nn.conv2d(4, 6, 3, { stride: 2 }),
        nn.flatten(),
        nn.linear(6, 3),
      ),
      loss: (out, b) => losses.softmaxCrossEntropy(out, b["y"]!),
      optimizer: optim.sgd({ lr: 0.05, momentum: 0.9, nesterov: true }),
      batch: { x: [5, 2, 8, 8], y: { shape: [5], dtype: "int32" } },
      seed: 4,
      backend,
      late: true,
    }),
  batch: (k) => ({ x: values([5, 2, 8, 8], { seed: 150 + k }), y: classes(5, 3, 180 + k) }),
};

/** Optimizers that keep other things: matrices made orthogonal, and distances, which are scalars of the device. */
const optimizers: readonly optim.Transform[] = [optim.muon({ lr: 1e-2 }), optim.prodigy({ lr: 1 })];
const regression = (optimizer: optim.Transform): Problem => ({
  make: (backend) =>
    made({
      model: nn.sequential(nn.linear(5, 6), nn.tanh(), nn.linear(6, 2)),
      loss: (out, b) => losses.mse(out, b["y"]!),
      optimizer,
      batch: { x: [8, 5], y: [8, 2] },
      seed: 5,
      backend,
      late: true,
    }),
  batch: (k) => ({ x: values([8, 5], { seed: 250 + k }), y: values([8, 2], { seed: 280 + k }) }),
});

async function run(step: TrainStep, { batch }: Problem, steps: number): Promise<readonly StepResult[]> {
  for (let k = 0; k < steps; k++) step(batch(step.count));
  const results = await step.results();
  await step.pull();
  return results;
}

/** How far results and state are from another backend's, relative to the largest number of each. */
function furthestOf(
  [a, b]: readonly [readonly StepResult[], readonly StepResult[]],
  [s, t]: readonly [TrainStep, TrainStep],
): number {
  let worst = 0;
  const compare = (x: ArrayLike<number>, y: ArrayLike<number>): void => {
    const scale = Math.max(1e-3, ...Array.from(y, Math.abs));
    for (let i = 0; i < y.length; i++) {
      const error = Math.abs(x[i]! - y[i]!) / scale;
      worst = Math.max(worst, error); // NaN is the worst
    }
  };
  b.forEach((r, k) => {
    for (const [name, value] of Object.entries(r)) compare([a[k]?.[name] ?? Number.NaN], [value]);
  });
  t.state.forEach((tensor, i) => compare(s.state[i]!.values, tensor.values));
  return worst;
}

/** Each problem on both backends, and the device twice: steps in the same order give the same bits. */
export async function stepsLikeWasm(backend: Backend): Promise<string[]> {
  const wrong: string[] = [];
  const problems: [string, Problem][] = [
    ["mlp", mlp],
    ["cnn", cnn],
    ...optimizers.map((o): [string, Problem] => [o.name ?? "?", regression(o)]),
  ];
  for (const [name, problem] of problems) {
    const [device, again, host] = [backend, backend, wasm].map(problem.make);
    const results = [device!, again!, host!].map((s) => run(s, problem, 6));
    const [first, second, wanted] = await Promise.all(results);
    const error = furthestOf([first!, wanted!], [device!, host!]);
    if (!(error < 2e-4)) wrong.push(`${name} is off by ${error}`);
    if (furthestOf([first!, second!], [device!, again!]) !== 0) wrong.push(`${name} does not repeat`);
    for (const s of [device!, again!]) s.executable.device!.release();
  }
  return wrong;
}

/** A run whose device goes after the state was pulled, and another device that goes on from there. */
export async function goesOnAfterLoss(open: () => Promise<WebGpuBackend>): Promise<string[]> {
  const [whole, broken] = [await open(), await open()];
  const step = mlp.make(whole);
  await run(step, mlp, 12);

  const early = mlp.make(broken);
  await run(early, mlp, 6);
  const kept = early.state.map((t) => t.values.slice());
  early(mlp.batch(early.count));
  broken.close();
  const told = await early.results().then(
    () => "nothing",
    (error: Error & { id?: string }) => `${error.id}`,
  );
  const later = mlp.make(whole);
  later.state.forEach((t, i) => {
    t.values.set(kept[i]!);
  });
  later.count = 6;
  await run(later, mlp, 6);
  const same = later.state.every((t, i) => t.values.every((v, j) => v === step.state[i]!.values[j]));
  whole.close();
  return [told, same ? "the same state" : "another state"];
}

/** A run file's run: its device goes with steps under way, and WebAssembly makes them again. */
export async function outlivesDevice(open: () => Promise<WebGpuBackend>): Promise<string[]> {
  const rows = Array.from(values([20], { seed: 9 }), (x) => `${x},${x * x - 1}`);
  const host = memoryHost({ "parabola.csv": ["x,y", ...rows].join("\n") });
  const spec = parseRun({
    data: { csv: "parabola.csv", target: "y" },
    model: { kind: "mlp", hidden: [4] },
    optimizer: { name: "adam", lr: 0.01 },
    batchSize: 10,
    steps: 6,
    validation: 0,
  });
  const onWasm = (): Promise<BuiltRun> => buildRun(spec, { host, backend: wasm });
  const gpu = await open();
  const built = await buildRun(spec, { host, backend: wasm, late: async () => gpu });
  const late = async (): Promise<Backend> => wasm;
  const run = lateRun(built, () => buildRun(spec, { host, backend: wasm, late }));
  const found: number[] = [];
  const take = async (): Promise<void> => void found.push(...(await run.results()).map((r) => r.loss));
  for (let k = 0; k < 6; k++) {
    run.advance(0.01);
    if (k === 1) await run.settle();
    if (k === 3) await take();
    if (k === 4) gpu.close();
  }
  await take();
  await run.settle();
  const whole = await onWasm();
  const wanted = Array.from({ length: 6 }, (_, k) => whole.advance(k, 0.01).loss);
  const near = wanted.every((v, k) => Math.abs(found[k]! - v) < 1e-5 * Math.max(1, v));
  const weights = whole.step.state.every((t, i) =>
    t.values.every((v, j) => Math.abs(v - run.built().step.state[i]!.values[j]!) < 1e-5),
  );
  return [
    `${built.backend}, then ${run.built().backend}`,
    `${found.length} losses ${near ? "alike" : `${found} for ${wanted}`}`,
    `${run.settled()} steps, weights ${weights ? "alike" : "unlike"}`,
  ];
}

/**
 * `fit` with the device's steps: an epoch's last batch is smaller, there are validations, a schedule that follows them and
 * a clip; and once more, its device lost on the way. What differs from WebAssembly's.
 */
export async function fitsLikeWasm(open: () => Promise<WebGpuBackend>): Promise<string[]> {
  const x = Array.from({ length: 35 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
  const options: FitOptions = {
    model: nn.sequential(nn.linear(2, 8), nn.tanh(), nn.linear(8, 1)),
    loss: "mse",
    optimizer: optim.chain(optim.clipByGlobalNorm(1), optim.adamw({ lr: 0.02 })),
    schedule: { name: "reduce-on-plateau", patience: 1 },
    data: { x, y: x.map(([a, b]) => a! * b!) },
    validation: 0.2,
    batchSize: 8,
    epochs: 6,
  };
  const wanted = await fit(options);
  const wrong: string[] = [];
  for (const lost of [false, true]) {
    const gpu = await open();
    const heard: number[] = [];
    const found = await fit({
      ...options,
      late: async () => gpu,
      onStep: ({ step, loss }) => {
        heard.push(loss);
        if (lost && step === 10) gpu.close();
      },
    });
    const what = lost ? "after a loss" : "on the device";
    if (found.run.notes["backend"] !== "webgpu") wrong.push(`${what}: steps were made elsewhere`);
    const series = (of: FitResult): readonly number[] => of.history.series.flatMap((s) => [...s.values]);
    const pairs: [string, ArrayLike<number>, ArrayLike<number>][] = [
      ["history", series(found), series(wanted)],
      ["prediction", found.predict(x).values, wanted.predict(x).values],
      ["best", [found.best!.loss, found.best!.step], [wanted.best!.loss, wanted.best!.step]],
      ["weights", weightsOf(found), weightsOf(wanted)],
    ];
    for (const [name, a, b] of pairs) {
      const error = errorOf(a, b, true);
      if (a.length !== b.length || !(error < 1e-6)) wrong.push(`${what}: ${name} is off by ${error}`);
    }
    if (heard.length !== wanted.steps) wrong.push(`${what}: heard ${heard.length} steps`);
    // and the other way: WebAssembly goes on from the device's state
    const more = await fit({ ...options, epochs: 7, resume: found.state });
    if (more.steps !== 7 * found.run.plan.stepsPerEpoch) wrong.push(`${what}: ${more.steps} steps in all`);
    gpu.close();
  }
  return wrong;
}

const weightsOf = ({ run }: FitResult): number[] => run.step.state.flatMap((t) => [...t.values]);

/** Buffers alive after 100 steps, and after so many times as many more. */
export async function buffersAlive(
  open: () => Promise<WebGpuBackend>,
  times: number,
): Promise<[number, number]> {
  const prototype = GPUDevice.prototype;
  const { createBuffer } = prototype;
  let alive = 0;
  prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    const { destroy } = buffer;
    alive++;
    buffer.destroy = () => {
      alive--;
      return destroy.call(buffer);
    };
    return buffer;
  };
  try {
    const backend = await open();
    const step = regression(optim.sgd({ lr: 0.01 })).make(backend);
    const batch = regression(optim.sgd({ lr: 0.01 })).batch(0);
    const round = async (): Promise<void> => {
      for (let k = 0; k < 100; k++) step(batch);
      await step.results();
      await step.pull();
    };
    await round();
    const before = alive;
    for (let i = 0; i < times; i++) await round();
    const after = alive;
    backend.close();
    return [before, after];
  } finally {
    prototype.createBuffer = createBuffer;
  }
}
