/**
 * One training step as one compiled program: forward, backward, clip, optimizer. State is the parameters, the model's
 * buffers and the optimizer's state; inputs are the batch, lr, step and, where something draws, random keys.
 */
import type { Backend, Executable } from "../engine/backend.ts";
import { wasm } from "../engine/backends/wasm.ts";
import type { DType, Shape, TypedArray } from "../engine/graph/index.ts";
import { initBuffers, initParams, streamInit } from "../nn/init.ts";
import type { InitRandom, Layer, ParamDType, Tensors } from "../nn/layer.ts";
import { requireFinite } from "../optim/clip/clip.ts";
import { learningRate, type MetricSchedule, type Schedule } from "../optim/schedules/index.ts";
import { evaluateState, initialState } from "../optim/state.ts";
import type { Transform } from "../optim/transform.ts";
import { stream, streamKey, threefryInto } from "../random/index.ts";
import { SteepestError } from "../run/errors.ts";
import {
  type BatchValues,
  copyBatch,
  inputViews,
  rowsGiven,
  type ViewOf,
  viewsOfBatch,
  withRows,
} from "./batch-memory.ts";
import { type LateResults, lateResults, type StepResult } from "./late-results.ts";
import { type BatchShapes, type StepParts, type TracedStep, traceStep } from "./trace.ts";

/** What `trainStep` compiles: model, loss, optimizer and the batch's shapes. */
export interface TrainStepOptions<B extends BatchShapes = BatchShapes> extends StepParts<B> {
  /** Default: wasm. `await chooseBackend()` gives native code where the system has a compiler, or its BLAS. */
  readonly backend?: Backend;
  /** Gives the rate of each call: a function of the step from 0, as `makeSchedule` makes it. Default: the optimizer's. */
  readonly schedule?: Schedule | MetricSchedule;
  /** How many steps will be made, where that is known: `auto` makes native code when they repay it. */
  readonly runs?: number;
  /** Initial values and the step's random numbers come from streams of this seed. */
  readonly seed?: number;
  /**
   * The caller takes results by `results()`, so that a device may make the steps (`webgpuBackend`): the call form then gives
   * the last results that are known. Batches of another number of examples are made by wasm, after a `pull`.
   */
  readonly late?: boolean;
  /** Draws the initial values instead of the seed's "init" stream, e.g. `torchInit(generator, dtype)`. */
  readonly init?: InitRandom;
}

export type { StepResult };

/** One tensor of a step's state: a parameter, a buffer, or what the optimizer keeps. */
export interface StateTensor {
  /** "param.0.weight", "buffer.1.runningMean", "optimizer.adam.m.0.weight" */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** The tensor itself: writing here sets it. To be asked for anew after steps of several batch sizes. */
  readonly values: TypedArray;
}

/** What an evaluation takes from a training step. */
export type StoredState = Pick<StateTensor, "name" | "values">;

/** The step for batches of one size. */
export interface SizedStep<B extends BatchShapes = BatchShapes> {
  /** The batch's memory, to be written to before `run`. */
  readonly inputs: { readonly [K in keyof B]: TypedArray };
  /** One step with what `inputs` holds. `step` counts from 1. Throws `NonFiniteError` where the clip asks for it. */
  readonly run: (step: number, lr: number, momentum?: number) => StepResult;
}

/**
 * A compiled step of training: forward, backward, clip and optimizer in one program. Call it with a batch,
 * or write to `inputs` and `run` it.
 */
export interface TrainStep<B extends BatchShapes = BatchShapes> extends SizedStep<B> {
  /**
   * Copies the batch in, makes one step and returns its measurements (one record, overwritten by the next step). A batch
   * of another number of examples is taken too: its program is compiled when it is first met. Throws `batch`, `shape`,
   * `label-range` for values that don't fit.
   */
  (
    batch: { readonly [K in keyof B]: ArrayLike<number> },
    hyper?: { lr?: number; momentum?: number },
  ): StepResult;
  /** The same step, with the same state, for batches of so many examples. */
  readonly sized: (rows: number) => SizedStep<B>;
  readonly result: StepResult;
  /**
   * Of a step made with `late`: waits for the steps since the last call and gives their results, oldest first. Throws
   * `device-lost` where the device is gone; the state is what `pull` brought last.
   */
  readonly results: () => Promise<readonly StepResult[]>;
  readonly state: readonly StateTensor[];
  /** Waits for a device's steps and brings the state to `state`, where other backends have it anyway. */
  readonly pull: () => Promise<void>;
  /** Sends to a device what was written to `state` after the first step. */
  readonly push: () => void;
  /** Steps made through the call form; set it after restoring `state`. */
  count: number;
  /** Back to the start with the initial values and random numbers of another seed. */
  readonly redraw: (seed: number) => void;
  /** What it was made of, for programs that use its weights. */
  readonly parts: { readonly model: Layer; readonly optimizer: Transform; readonly dtype: ParamDType };
  /** The optimizer's rate, or the schedule's first; NaN where each call gives one. */
  readonly lr: number;
  readonly executable: Executable;
}

/** Compiles one training step and draws the initial values. Shape errors name both shapes and the line that made them. */
export function trainStep<const B extends BatchShapes>(options: TrainStepOptions<B>): TrainStep<B>;
export function trainStep(options: TrainStepOptions): TrainStep {
  const { model, optimizer, batch, schedule, dtype = "float32", seed = 0 } = options;
  const { init = streamInit(stream(seed, "init")) } = options;
  const rateOf = schedule === undefined ? null : learningRate(schedule);
  const keys = { write: keyWriterOf(seed) };
  const schedulesMomentum = options.schedulesMomentum ?? rateOf?.setsMomentum ?? false;
  const result: StepResult = { loss: Number.NaN, gradNorm: Number.NaN };
  const late = lateResults(options.late === true);
  const compile = (shapes: BatchShapes, onDevice: boolean): SizedProgram =>
    sizedProgram(
      { ...options, late: onDevice, batch: shapes, dtype, schedulesMomentum },
      { keys, result, late },
    );
  const main = compile(batch, late.asked);
  const { traced } = main;
  const { device } = main.executable;
  const { tensors, runOn, pull } = sharedState(main);
  const base = optimizer.lr ?? rateOf?.lrAt(0);
  if (optimizer.lr === undefined && !traced.readsRate)
    throw noRate("its updates are added as they are, so it may ascend");

  const firstState = initialState(optimizer, traced.params);
  const draw = (from: InitRandom): void => {
    const { params, buffers } = traced;
    const initial = evaluateInitial({ model, params, buffers, init: from, dtype }, firstState);
    for (const { name, values } of tensors) values.set(initial[name]!);
  };
  draw(init);

  const own = runOn(main);
  const others = new Map<number, SizedStep>();
  const sized = (rows: number): SizedStep => {
    const found = others.get(rows) ?? runOn(compile(withRows(batch, rows), false));
    others.set(rows, found);
    return found;
  };
  const call = (values: BatchValues, hyper: { lr?: number; momentum?: number } = {}): StepResult => {
    const rows = rowsGiven("trainStep", values, traced.data);
    const at = rows === null ? own : api.sized(rows);
    copyBatch("trainStep", values, { data: traced.data, views: at.inputs });
    const k = api.count;
    const lr = hyper.lr ?? rateOf?.lrAt(k) ?? base;
    if (lr === undefined || Number.isNaN(lr)) throw noRate("the step was called without one");
    const done = at.run(k + 1, lr, hyper.momentum ?? rateOf?.momentumAt(k) ?? Number.NaN);
    api.count++;
    return done;
  };
  const api: TrainStep = Object.assign(call, {
    inputs: main.inputs,
    run: own.run,
    sized: (rows: number): SizedStep => (rows === main.rows ? own : sized(rows)),
    result,
    state: tensors,
    count: 0,
    redraw: (other: number): void => {
      draw(streamInit(stream(other, "init")));
      keys.write = keyWriterOf(other);
      api.count = 0;
      device?.send();
    },
    results: late.take,
    pull,
    push: (): void => device?.send(),
    parts: { model, optimizer, dtype },
    lr: base ?? Number.NaN,
    executable: main.executable,
  });
  return api;
}

const noRate = (what: string): SteepestError =>
  new SteepestError("optimizer", `the optimizer has no learning rate: ${what}`, {
    where: "at optimizer",
    help: "end the chain with optim.scaleByLr(), give the transform an lr, or give the step a schedule",
  });

const notPulled = (): SteepestError =>
  new SteepestError("batch", "a batch of another size needs the weights that the device has", {
    help: "await step.pull() before it, or leave out the last examples of an epoch (dropLast)",
  });

interface SizedProgram extends SizedStep {
  readonly traced: TracedStep;
  /** Examples of a batch. */
  readonly rows: number;
  readonly tensors: readonly StateTensor[];
  readonly executable: Executable;
}

/** The step's program for one batch size, with memory of its own. `result` is what all sizes write to. */
function sizedProgram(
  { backend = wasm, runs, optimizer, late: onDevice = false, ...parts }: TrainStepOptions,
  {
    keys,
    result,
    late,
  }: { readonly keys: { write: KeyWriter }; readonly result: StepResult; readonly late: LateResults },
): SizedProgram {
  const traced = traceStep({ ...parts, optimizer });
  const { inputs, state: kept, outputs, measures } = traced;
  const executable = backend.compile(
    { inputs, state: kept, outputs },
    { ...(runs !== undefined && { runs }), late: onDevice },
  );
  const tensors = kept.map(
    ({ input: { attrs, shape, dtype } }): StateTensor => ({
      name: attrs.name,
      shape,
      dtype,
      values: executable.view(attrs.name),
    }),
  );
  const viewOf = inputViews(executable, inputs);
  const feeds = (optimizer.feeds ?? []).map(({ name, at }) => [viewOf(`feed.${name}`), at] as const);
  const [lrView, stepView, momentumView] = [viewOf("lr"), viewOf("step"), viewOf("momentum")];
  const keyViews = keyViewsOf(viewOf);
  const names = ["loss", ...measures];
  const outViews = names.map((name) => executable.view(`out.${name}`));
  const read = (from: (index: number) => TypedArray, at: number): StepResult => {
    for (let i = 0; i < names.length; i++) result[names[i]!] = from(i)[0]!;
    if (optimizer.errorIfNonfinite === true) requireFinite(result["nonFinite"] ?? 0, at);
    return result;
  };
  const now = (i: number): TypedArray => outViews[i]!;
  for (const name of measures) result[name] = Number.NaN;
  return {
    traced,
    rows: traced.data["x"]!.shape[0] ?? 1,
    tensors,
    executable,
    inputs: viewsOfBatch(traced.data, viewOf),
    run: (at, rate, beta = Number.NaN) => {
      lrView[0] = rate;
      stepView[0] = at;
      momentumView[0] = beta;
      for (const [view, valueAt] of feeds) view[0] = valueAt(at - 1);
      keys.write(at, keyViews);
      executable.run();
      const { device } = executable;
      if (device === undefined) late.note(read(now, at));
      else late.wait(device, (outputs) => read((i) => outputs[`out.${names[i]!}`]!, at));
      return result;
    },
  };
}

/**
 * One state for programs of several batch sizes: it moves to the program that runs, and home when it is looked at. Steps of
 * one size in a row copy nothing. From a device it moves once it was pulled.
 */
function sharedState(home: SizedProgram): {
  readonly tensors: readonly StateTensor[];
  readonly runOn: (program: SizedProgram) => SizedStep;
  readonly pull: () => Promise<void>;
} {
  const { device } = home.executable;
  let holder = home;
  let pulled = true;
  const bring = (to: SizedProgram): void => {
    if (holder === to) return;
    if (!pulled) throw notPulled();
    for (let i = 0; i < to.tensors.length; i++) to.tensors[i]!.values.set(holder.tensors[i]!.values);
    holder = to;
    if (to === home) device?.send();
  };
  return {
    tensors: home.tensors.map(({ name, shape, dtype, values }) => ({
      name,
      shape,
      dtype,
      get values() {
        bring(home);
        return values;
      },
    })),
    runOn: (program) => ({
      inputs: program.inputs,
      run: (step, lr, momentum) => {
        bring(program);
        if (device !== undefined) pulled = program !== home;
        return program.run(step, lr, momentum);
      },
    }),
    pull: async () => {
      if (holder === home) await device?.fetch();
      else bring(home);
      pulled = true;
    },
  };
}

const STREAMS = [
  ["modelKey", "dropout"],
  ["optimizerKey", "optimizer"],
] as const;

/** The two words of each key that the program has; a step that draws nothing has none. */
type KeyViews = readonly (readonly [first: TypedArray, second: TypedArray])[];
type KeyWriter = (step: number, views: KeyViews) => void;

const keyViewsOf = (viewOf: ViewOf): KeyViews =>
  STREAMS.map(([name]) => [viewOf(`${name}.0`, 0), viewOf(`${name}.1`, 0)] as const);

/** Writes the random keys of a step: streams of the seed for dropout and for the optimizer. */
function keyWriterOf(seed: number): KeyWriter {
  const words = new Uint32Array(2);
  const streams = STREAMS.map(([, name]) => streamKey(seed, name));
  return (at, views) => {
    for (let i = 0; i < views.length; i++) {
      const [v0, v1] = views[i]!;
      if (v0.length === 0 && v1.length === 0) continue;
      const [k0, k1] = streams[i]!;
      threefryInto(k0, k1, at % 2 ** 32, Math.floor(at / 2 ** 32), words);
      v0[0] = words[0]! | 0;
      v1[0] = words[1]! | 0;
    }
  };
}

function evaluateInitial(
  {
    model,
    params,
    buffers,
    init,
    dtype,
  }: { model: Layer; params: Tensors; buffers: Tensors; init: InitRandom; dtype: ParamDType },
  optimizerState: Tensors,
): Readonly<Record<string, TypedArray>> {
  const values = initParams(model, init, dtype);
  const given = new Map(Object.keys(params).map((name) => [params[name]!, values[name]!] as const));
  const prefixed = (prefix: string, record: Readonly<Record<string, TypedArray>>): [string, TypedArray][] =>
    Object.entries(record).map(([name, v]) => [prefix + name, v]);
  return Object.fromEntries([
    ...prefixed("param.", values),
    ...prefixed("buffer.", Object.keys(buffers).length === 0 ? {} : initBuffers(model, init, dtype)),
    ...prefixed("optimizer.", evaluateState(optimizerState, given)),
  ]);
}
