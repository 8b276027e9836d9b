/** Programs without an update: measurements (`evalStep`) and the model's output (`predictStep`). */
import type { Backend, Executable } from "../engine/backend.ts";
import { wasm } from "../engine/backends/wasm.ts";
import {
  type Expr,
  type Node,
  type Shape,
  type TypedArray,
  topologicalOrder,
} from "../engine/graph/index.ts";
import { requireLayer } from "../nn/errors.ts";
import type { Context, Layer, ParamDType } from "../nn/layer.ts";
import { flattenState, stateInputs } from "../optim/state.ts";
import type { Transform } from "../optim/transform.ts";
import {
  type BatchValues,
  copyBatch,
  inputViews,
  rowsGiven,
  viewsOfBatch,
  withRows,
} from "./batch-memory.ts";
import { type LossContext, pass, scalarOf } from "./pass.ts";
import type { StoredState } from "./program.ts";
import { requireOptimizer } from "./require-optimizer.ts";
import {
  type BatchShapes,
  type BatchTensors,
  batchInputs,
  type LossFunction,
  tensorInputs,
} from "./trace.ts";

export interface ForwardOptions<B extends BatchShapes = BatchShapes> {
  readonly model: Layer;
  /** Its `evaluationParams` are used where it has them. Absent: the parameters as they are trained. */
  readonly optimizer?: Transform;
  /** Shapes of the batch, the examples first. */
  readonly batch: B;
  readonly dtype?: ParamDType;
  /** Default: wasm. */
  readonly backend?: Backend;
}

/** A program's own copy of the weights. */
export interface Loaded {
  /** Copies parameters, buffers and what else is needed out of a training step's state. */
  readonly load: (state: readonly StoredState[]) => void;
}

/** What `evalStep` compiles. */
export interface EvalStepOptions<B extends BatchShapes = BatchShapes, M extends string = string>
  extends ForwardOptions<B> {
  /** Scalars to compute from output and batch, e.g. loss and accuracy: means over the batch. */
  readonly measures: Readonly<Record<M, LossFunction<NoInfer<B>>>>;
}

/** A compiled evaluation of one batch: load a training step's state, write to `inputs`, run. */
export interface EvalStep<B extends BatchShapes = BatchShapes, M extends string = string> extends Loaded {
  readonly inputs: { readonly [K in keyof B]: TypedArray };
  readonly run: () => Readonly<Record<M, number>>;
}

/** Compiles measurements without an update: dropout is off, batch norm uses its running statistics. */
export function evalStep<const B extends BatchShapes, M extends string>(
  options: EvalStepOptions<B, M>,
): EvalStep<B, M>;
export function evalStep({ measures, ...options }: EvalStepOptions): EvalStep {
  const names = Object.keys(measures);
  const { executable, inputs, load } = forwardProgram(options, (output, data, context) =>
    names.map((name) => ({
      name: `out.${name}`,
      value: scalarOf(`the measure ${name}`, measures[name]!(output, data, context)),
    })),
  );
  const result: Record<string, number> = {};
  return {
    inputs,
    load,
    run: () => {
      executable.run();
      for (const name of names) result[name] = executable.view(`out.${name}`)[0]!;
      return result;
    },
  };
}

/** What `predictStep` compiles. */
export interface PredictStepOptions<B extends BatchShapes = BatchShapes> extends ForwardOptions<B> {
  /** Where the weights come from, now: `step.state`, or none and `load` later. */
  readonly state?: readonly StoredState[];
}

/** The compiled forward pass: call it with a batch, or write to `x` and run it. */
export interface PredictStep<B extends BatchShapes = BatchShapes> extends Loaded {
  /**
   * The model's output, row after row, for values of the batch's size or of any other number of examples; overwritten by
   * the next call of that size. Throws `batch`, `shape`, `label-range` for values that don't fit.
   */
  (batch: { readonly [K in keyof B]: ArrayLike<number> }): TypedArray;
  /** The model's input, to be written to before `run`. */
  readonly x: TypedArray;
  /** The model's output for the whole batch, overwritten by the next run. */
  readonly run: () => TypedArray;
  /** Shape of the output, the examples first. */
  readonly shape: Shape;
}

/** Compiles the forward pass alone: dropout is off, batch norm uses its running statistics. */
export function predictStep<const B extends BatchShapes>(options: PredictStepOptions<B>): PredictStep<B>;
export function predictStep({ state, ...options }: PredictStepOptions): PredictStep {
  const compile = (batch: BatchShapes): OutputProgram => outputProgram({ ...options, batch });
  const main = compile(options.batch);
  const others = new Map<number, OutputProgram>();
  let weights = state;
  const other = (rows: number): OutputProgram => {
    const found = others.get(rows) ?? compile(withRows(options.batch, rows));
    if (!others.has(rows) && weights !== undefined) found.load(weights);
    others.set(rows, found);
    return found;
  };
  const load = (given: readonly StoredState[]): void => {
    weights = given.map(({ name, values }) => ({ name, values: values.slice() }));
    for (const program of [main, ...others.values()]) program.load(weights);
  };
  if (state !== undefined) load(state);
  const call = (values: BatchValues): TypedArray => {
    const rows = rowsGiven("predictStep", values, main.data);
    const program = rows === null || rows === main.shape[0] ? main : other(rows);
    copyBatch("predictStep", values, { data: main.data, views: program.inputs });
    return program.run();
  };
  return Object.assign(call, { x: main.inputs["x"]!, load, shape: main.shape, run: main.run });
}

interface OutputProgram extends Pick<ForwardProgram, "data" | "inputs" | "load"> {
  readonly shape: Shape;
  readonly run: () => TypedArray;
}

function outputProgram(options: ForwardOptions): OutputProgram {
  let shape: Shape = [];
  const { executable, ...program } = forwardProgram(options, (output) => {
    shape = output.shape;
    return [{ name: "out.output", value: output }];
  });
  const values = executable.view("out.output");
  return {
    ...program,
    shape,
    run: () => {
      executable.run();
      return values;
    },
  };
}

interface ForwardProgram extends Loaded {
  readonly executable: Executable;
  readonly data: BatchTensors;
  readonly inputs: Readonly<Record<string, TypedArray>>;
}

/** Compiles what `outputsOf` makes of the model's output; `seen` hears of what lies before it. */
export function forwardProgram(
  {
    model,
    optimizer,
    batch,
    dtype = "float32",
    backend = wasm,
    seen,
  }: ForwardOptions & Pick<Context, "seen">,
  outputsOf: (
    output: Expr,
    data: BatchTensors,
    context: LossContext,
  ) => { readonly name: string; readonly value: Expr }[],
): ForwardProgram {
  requireLayer("the model", model);
  if (optimizer !== undefined) requireOptimizer(optimizer);
  const data = batchInputs(batch, dtype);
  const params = tensorInputs("param.", model.params, dtype);
  const buffers = tensorInputs("buffer.", model.buffers, dtype);
  const state = optimizer === undefined ? {} : stateInputs(optimizer.init(params), "optimizer.");
  const at = optimizer?.evaluationParams?.(params, state) ?? params;
  const { output, context } = pass(model, {
    params: at,
    buffers,
    batch: data,
    context: { training: false, ...(seen && { seen }) },
  });
  const outputs = outputsOf(output, data, context);
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
    data,
    inputs: viewsOfBatch(data, inputViews(executable, inputs)),
    load: (tensors) => {
      for (const { name, values } of tensors) if (isInput.has(name)) executable.view(name).set(values);
    },
  };
}
