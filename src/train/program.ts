/**
 * One training step as one compiled program: forward, backward, clip, optimizer. State is the parameters, the model's
 * buffers and the optimizer's state; inputs are the batch, lr, step and, where something draws, random keys.
 */
import type { Backend, Executable } from "../engine/backend.ts";
import { wasm } from "../engine/backends/wasm.ts";
import {
  type DType,
  type Expr,
  type Node,
  type Shape,
  sizeOf,
  type TypedArray,
  topologicalOrder,
} from "../engine/graph/index.ts";
import { shapeError, showShape } from "../engine/graph/shape.ts";
import { initBuffers, initParams, streamInit } from "../nn/init.ts";
import type { InitRandom, Layer, ParamDType, Tensors } from "../nn/layer.ts";
import { requireFinite } from "../optim/clip/clip.ts";
import { evaluateState, flattenState, initialState, stateInputs } from "../optim/state.ts";
import type { Transform } from "../optim/transform.ts";
import { stream, streamKey, threefryInto } from "../random/index.ts";
import {
  type BatchShapes,
  type BatchTensors,
  batchInputs,
  type LossFunction,
  type StepParts,
  tensorInputs,
  traceStep,
} from "./trace.ts";

export type { BatchShapes, BatchTensors, LossFunction } from "./trace.ts";

/** What `trainStep` compiles: model, loss, optimizer and the batch's shapes. */
export interface TrainStepOptions<B extends BatchShapes = BatchShapes> extends StepParts<B> {
  /** Default: wasm. `await chooseBackend()` gives native code where the system has a compiler, or its BLAS. */
  readonly backend?: Backend;
  /** How many steps will be made, where that is known: `auto` makes native code when they repay it. */
  readonly runs?: number;
  /** Initial values and the step's random numbers come from streams of this seed. */
  readonly seed?: number;
  /** Draws the initial values instead of the seed's "init" stream, e.g. `torchInit(generator, dtype)`. */
  readonly init?: InitRandom;
}

/** Measurements of the last step: the loss before the update, the gradient's norm before clipping, and what the optimizer measures. */
export interface StepResult {
  loss: number;
  gradNorm: number;
  [measure: string]: number;
}

/** One tensor of a step's state: a parameter, a buffer, or what the optimizer keeps. */
export interface StateTensor {
  /** "param.0.weight", "buffer.1.runningMean", "optimizer.adam.m.0.weight" */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** The tensor itself: writing here sets it. */
  readonly values: TypedArray;
}

/** What an evaluation takes from a training step. */
export type StoredState = Pick<StateTensor, "name" | "values">;

/**
 * A compiled step of training: forward, backward, clip and optimizer in one program. Call it with a batch,
 * or write to `inputs` and `run` it.
 */
export interface TrainStep<B extends BatchShapes = BatchShapes> {
  /** Copies the batch in, makes one step and returns its measurements (one record, overwritten by the next step). */
  (
    batch: { readonly [K in keyof B]: ArrayLike<number> },
    hyper?: { lr?: number; momentum?: number },
  ): StepResult;
  /** The batch's memory, to be written to before `run`. */
  readonly inputs: { readonly [K in keyof B]: TypedArray };
  /** One step with what `inputs` holds. `step` counts from 1. Throws `NonFiniteError` where the clip asks for it. */
  readonly run: (step: number, lr: number, momentum?: number) => StepResult;
  readonly result: StepResult;
  readonly state: readonly StateTensor[];
  /** Steps made through the call form; set it after restoring `state`. */
  count: number;
  /** Back to the start with the initial values and random numbers of another seed. */
  readonly redraw: (seed: number) => void;
  readonly lr: number;
  readonly executable: Executable;
}

/** Compiles one training step and draws the initial values. Shape errors name both shapes and the line that made them. */
export function trainStep<const B extends BatchShapes>(options: TrainStepOptions<B>): TrainStep<B>;
export function trainStep({
  model,
  loss,
  optimizer,
  batch,
  dtype = "float32",
  backend = wasm,
  runs,
  seed = 0,
  init = streamInit(stream(seed, "init")),
  schedulesMomentum = false,
}: TrainStepOptions): TrainStep {
  const traced = traceStep({ model, loss, optimizer, batch, dtype, schedulesMomentum });
  const { data, params, buffers, inputs, state: kept, outputs, measures: measureNames } = traced;
  const executable = backend.compile({ inputs, state: kept, outputs }, runs === undefined ? {} : { runs });

  const tensors = kept.map(({ input: { attrs, shape, dtype: type } }): StateTensor => {
    const values = executable.view(attrs.name);
    return { name: attrs.name, shape, dtype: type, values };
  });
  const firstState = initialState(optimizer, params);
  const draw = (from: InitRandom): void => {
    const initial = evaluateInitial({ model, params, buffers, init: from, dtype }, firstState);
    for (const { name, values } of tensors) values.set(initial[name]!);
  };
  draw(init);

  const viewOf = inputViews(executable, inputs);
  const [lrView, stepView, momentumView] = [viewOf("lr"), viewOf("step"), viewOf("momentum")];
  let writeKeys = keyWriter(seed, viewOf);

  const result: StepResult = { loss: Number.NaN, gradNorm: Number.NaN };
  const lossView = executable.view("out.loss");
  const measureViews = measureNames.map((name) => executable.view(`out.${name}`));
  for (const name of measureNames) result[name] = Number.NaN;
  const run = (at: number, rate: number, beta = Number.NaN): StepResult => {
    lrView[0] = rate;
    stepView[0] = at;
    momentumView[0] = beta;
    writeKeys(at);
    executable.run();
    result.loss = lossView[0]!;
    for (let i = 0; i < measureNames.length; i++) result[measureNames[i]!] = measureViews[i]![0]!;
    if (optimizer.errorIfNonfinite === true) requireFinite(result["nonFinite"] ?? 0, at);
    return result;
  };

  const batchViews = viewsOfBatch(data, viewOf);
  const defaultLr = optimizer.lr ?? Number.NaN;
  const call = (
    values: Readonly<Record<string, ArrayLike<number>>>,
    { lr: rate = defaultLr, momentum: beta = Number.NaN } = {},
  ): StepResult => {
    for (const [name, view] of Object.entries(batchViews)) {
      const given = values[name];
      if (given === undefined || given.length !== view.length) {
        const got = given === undefined ? "nothing" : `${given.length} values`;
        throw shapeError("trainStep", `the batch's ${name} is ${showShape(data[name]!.shape)}, got ${got}`);
      }
      view.set(given);
    }
    api.count++;
    return run(api.count, rate, beta);
  };
  const api: TrainStep = Object.assign(call, {
    inputs: batchViews,
    run,
    result,
    state: tensors,
    count: 0,
    redraw: (other: number): void => {
      draw(streamInit(stream(other, "init")));
      writeKeys = keyWriter(other, viewOf);
      api.count = 0;
    },
    lr: defaultLr,
    executable,
  });
  return api;
}

type ViewOf = (name: string, size?: number) => TypedArray;

/** The memory of an input. One that the program does not read has memory of its own, so that writing works. */
function inputViews(executable: Executable, inputs: readonly Node<"input">[]): ViewOf {
  const names = new Set(inputs.map((e) => e.attrs.name));
  return (name, size = 1) => (names.has(name) ? executable.view(name) : new Float64Array(size));
}

/** A loss need not look at every part of the batch. */
const viewsOfBatch = (data: BatchTensors, viewOf: ViewOf): Record<string, TypedArray> =>
  Object.fromEntries(
    Object.entries(data).map(([name, e]) => [name, viewOf(`batch.${name}`, sizeOf(e.shape))]),
  );

/** Writes the random keys of a step: streams of the seed for dropout and for the optimizer. */
function keyWriter(seed: number, viewOf: ViewOf): (step: number) => void {
  const words = new Uint32Array(2);
  const writers = (
    [
      ["modelKey", "dropout"],
      ["optimizerKey", "optimizer"],
    ] as const
  ).flatMap(([name, streamName]) => {
    const views = [viewOf(`${name}.0`, 0), viewOf(`${name}.1`, 0)] as const;
    // a step that draws nothing has no such inputs
    if (views.every((v) => v.length === 0)) return [];
    const [v0, v1] = views;
    const [k0, k1] = streamKey(seed, streamName);
    return (at: number): void => {
      threefryInto(k0, k1, at % 2 ** 32, Math.floor(at / 2 ** 32), words);
      v0[0] = words[0]! | 0;
      v1[0] = words[1]! | 0;
    };
  });
  return (step) => {
    for (const write of writers) write(step);
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

/** What `evalStep` compiles. */
export interface EvalStepOptions<B extends BatchShapes = BatchShapes, M extends string = string> {
  readonly model: Layer;
  /** Scalars to compute from output and batch, e.g. loss and accuracy: means over the batch. */
  readonly measures: Readonly<Record<M, LossFunction<NoInfer<B>>>>;
  /** Its `evaluationParams` are used where it has them. */
  readonly optimizer: Transform;
  readonly batch: B;
  readonly dtype?: ParamDType;
  readonly backend: Backend;
}

/** A compiled evaluation of one batch: load a training step's state, write to `inputs`, run. */
export interface EvalStep<B extends BatchShapes = BatchShapes, M extends string = string> {
  readonly inputs: { readonly [K in keyof B]: TypedArray };
  /** Copies parameters, buffers and what else is needed out of a training step's state. */
  readonly load: (state: readonly StoredState[]) => void;
  readonly run: () => Readonly<Record<M, number>>;
}

/** Compiles measurements without an update: dropout is off, batch norm uses its running statistics. */
export function evalStep<const B extends BatchShapes, M extends string>(
  options: EvalStepOptions<B, M>,
): EvalStep<B, M>;
export function evalStep({ measures, batch, ...options }: EvalStepOptions): EvalStep {
  const names = Object.keys(measures);
  const program = forwardProgram({ ...options, batch }, (output, data) =>
    names.map((name) => ({ name: `out.${name}`, value: measures[name]!(output, data) })),
  );
  const { executable } = program;
  const result: Record<string, number> = {};
  return {
    inputs: program.inputs,
    load: program.load,
    run: () => {
      executable.run();
      for (const name of names) result[name] = executable.view(`out.${name}`)[0]!;
      return result;
    },
  };
}

/** What `predictStep` compiles. */
export interface PredictStepOptions {
  readonly model: Layer;
  /** Its `evaluationParams` are used where it has them. */
  readonly optimizer: Transform;
  /** Shape of `x`, the examples first. */
  readonly batch: BatchShapes;
  readonly dtype?: ParamDType;
  readonly backend: Backend;
}

/** A compiled forward pass over one batch: load a training step's state, write to `x`, run. */
export interface PredictStep {
  /** The model's input, to be written to before `run`. */
  readonly x: TypedArray;
  /** Copies parameters, buffers and what else is needed out of a training step's state. */
  readonly load: (state: readonly StoredState[]) => void;
  /** The model's output for the whole batch, overwritten by the next run. */
  readonly run: () => TypedArray;
  /** Shape of the output, the examples first. */
  readonly shape: Shape;
}

/** Compiles the forward pass alone: dropout is off, batch norm uses its running statistics. */
export function predictStep(options: PredictStepOptions): PredictStep {
  let shape: Shape = [];
  const { executable, inputs, load } = forwardProgram(options, (output) => {
    shape = output.shape;
    return [{ name: "out.output", value: output }];
  });
  const values = executable.view("out.output");
  return {
    x: inputs["x"]!,
    load,
    shape,
    run: () => {
      executable.run();
      return values;
    },
  };
}

interface ForwardProgram {
  readonly executable: Executable;
  readonly inputs: Readonly<Record<string, TypedArray>>;
  readonly load: PredictStep["load"];
}

function forwardProgram(
  { model, optimizer, batch, dtype = "float32", backend }: PredictStepOptions,
  outputsOf: (output: Expr, data: BatchTensors) => { readonly name: string; readonly value: Expr }[],
): ForwardProgram {
  const data = batchInputs(batch, dtype);
  const params = tensorInputs("param.", model.params, dtype);
  const buffers = tensorInputs("buffer.", model.buffers, dtype);
  const state = stateInputs(optimizer.init(params), "optimizer.");
  const at = optimizer.evaluationParams?.(params, state) ?? params;
  const { output } = model.forward({ ...at, ...buffers }, data["x"]!, { training: false });
  const outputs = outputsOf(output, data);
  const used = new Set(topologicalOrder(outputs.map((o) => o.value)));
  const inputs = [
    ...Object.values(data),
    ...Object.values(params),
    ...Object.values(buffers),
    ...Object.values(flattenState(state)),
  ].filter((e) => used.has(e)) as Node<"input">[];
  const executable = backend.compile({ inputs, state: [], outputs });
  const isInput = new Set(inputs.map((e) => e.attrs.name));
  return {
    executable,
    inputs: viewsOfBatch(data, inputViews(executable, inputs)),
    load: (tensors) => {
      for (const { name, values } of tensors) if (isInput.has(name)) executable.view(name).set(values);
    },
  };
}
