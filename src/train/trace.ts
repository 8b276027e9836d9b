/**
 * A training step as expressions: forward, backward, clip, optimizer. `trainStep` compiles it; memory and cost models
 * look at it.
 */
import {
  cast,
  type DType,
  type Expr,
  input,
  type Node,
  type Shape,
  topologicalOrder,
} from "../engine/graph/index.ts";
import { shapeError, showShape } from "../engine/graph/shape.ts";
import { gradients } from "../engine/rules/differentiate.ts";
import type { Context, Key, Layer, ParamDType, ParamSpecs, Tensors } from "../nn/layer.ts";
import { flattenState, stateInputs, unflattenState } from "../optim/state.ts";
import { applyUpdates, globalNorm } from "../optim/tensors.ts";
import type { Hyper, Transform } from "../optim/transform.ts";

/** Shapes of the batch, the examples first; a part without a dtype has that of the parameters. */
export type BatchShapes = Readonly<Record<string, Shape | { readonly shape: Shape; readonly dtype?: DType }>>;
/** The batch as expressions, under exactly the names of its shapes: `x` feeds the model, the rest is for the loss. */
export type BatchTensors<B extends BatchShapes = BatchShapes> = { readonly [K in keyof B]: Expr };
/** A loss takes the model's output and the batch, and gives a scalar. */
export type LossFunction<B extends BatchShapes = BatchShapes> = (
  output: Expr,
  batch: BatchTensors<B>,
) => Expr;

/** What a step of training is made of. */
export interface StepParts<B extends BatchShapes = BatchShapes> {
  readonly model: Layer;
  readonly loss: LossFunction<NoInfer<B>>;
  readonly optimizer: Transform;
  /** Shapes of the batch, the examples first: `{ x: [64, 784], y: { shape: [64], dtype: "int32" } }`. */
  readonly batch: B;
  readonly dtype?: ParamDType;
  /** A schedule may set momentum too: then momentum is an input of the program. */
  readonly schedulesMomentum?: boolean;
}

/**
 * A step as expressions, before it is compiled: what goes in, the loss, the gradients, and the state after
 * the step.
 */
export interface TracedStep {
  readonly data: BatchTensors;
  readonly params: Tensors;
  readonly buffers: Tensors;
  /** The loss, in the parameters' dtype. */
  readonly value: Expr;
  readonly grads: Tensors;
  /** What the host writes before a step: those of the batch, lr, step, momentum and keys that are used. */
  readonly inputs: readonly Node<"input">[];
  /** Parameters, buffers and the optimizer's state, with their values after the step. */
  readonly state: readonly { readonly input: Node<"input">; readonly next: Expr }[];
  /** "out.loss", "out.gradNorm" and what the optimizer measures. */
  readonly outputs: readonly { readonly name: string; readonly value: Expr }[];
  /** Names of the outputs besides the loss. */
  readonly measures: readonly string[];
}

/**
 * Writes a step of training as expressions: forward, loss, gradients, clip and optimizer. Nothing is
 * compiled or run. Throws `shape` where the loss is no float scalar, and what model and optimizer throw for
 * shapes that do not fit.
 */
export function traceStep({
  model,
  loss,
  optimizer,
  batch,
  dtype = "float32",
  schedulesMomentum = false,
}: StepParts): TracedStep {
  const data = batchInputs(batch, dtype);
  const params = tensorInputs("param.", model.params, dtype);
  const buffers = tensorInputs("buffer.", model.buffers, dtype);
  const lr = input("lr", [], "float64");
  const step = input("step", [], "float64");
  const momentum = input("momentum", [], "float64");
  const modelKey = keyInputs("modelKey");
  const optimizerKey = keyInputs("optimizerKey");

  const context: Context = { training: true, key: modelKey };
  const lossAt = (at: Tensors): readonly [Expr, Tensors] => {
    const forward = model.forward({ ...at, ...buffers }, data["x"]!, context);
    return [scalarLoss(loss(forward.output, data)), forward.buffers];
  };
  const [value, nextBuffers] = lossAt(params);
  const gradientsAt = (of: Expr, at: Tensors): Tensors => {
    const names = Object.keys(at);
    const found = gradients(of, Object.values(at));
    return Object.fromEntries(names.map((name, i) => [name, found[i]!]));
  };
  const grads = gradientsAt(value, params);
  const first = optimizer.init(params);
  const state = stateInputs(first, "optimizer.");
  const hyper: Hyper = {
    lr,
    step,
    loss: cast(value, "float64"),
    key: optimizerKey,
    ...(schedulesMomentum ? { momentum } : {}),
    evaluate: (at) => {
      const [other] = lossAt(at);
      return [other, gradientsAt(other, at)];
    },
  };
  const [updates, nextState] = optimizer.update(grads, state, params, hyper);
  const nextParams = applyUpdates(params, updates);
  const { nonFinite, ...measured } = optimizer.measure?.(grads, state, params, hyper) ?? {};
  // a norm tells of non-finite entries already: counting them is another pass over all gradients, made when asked for
  const counted = optimizer.errorIfNonfinite === true && nonFinite !== undefined ? { nonFinite } : {};
  const measures: Tensors = { gradNorm: globalNorm(grads), ...measured, ...counted };

  const stateIn = flattenState(state);
  const stateNext = flattenState(unflattenState(state, flattenState(nextState)));
  const kept = [
    ...Object.keys(params).map((name) => ({ input: params[name]!, next: nextParams[name]! })),
    ...Object.keys(buffers).map((name) => ({
      input: buffers[name]!,
      next: nextBuffers[name] ?? buffers[name]!,
    })),
    ...Object.keys(stateIn).map((name) => ({ input: stateIn[name]!, next: stateNext[name]! })),
  ].map((s) => ({ ...s, input: s.input as Node<"input"> }));
  const outputs = [
    { name: "out.loss", value },
    ...Object.entries(measures).map(([name, e]) => ({ name: `out.${name}`, value: e })),
  ];
  const used = new Set(topologicalOrder([...kept.map((s) => s.next), ...outputs.map((o) => o.value)]));
  const inputs = [...Object.values(data), lr, step, momentum, ...modelKey, ...optimizerKey].filter((e) =>
    used.has(e as Expr),
  ) as Node<"input">[];
  return {
    data,
    params,
    buffers,
    value,
    grads,
    inputs,
    state: kept,
    outputs,
    measures: Object.keys(measures),
  };
}

export function batchInputs(batch: BatchShapes, dtype: ParamDType): Record<string, Expr> {
  if (batch["x"] === undefined)
    throw shapeError("trainStep", "the batch has no x", "name the model's input x");
  return Object.fromEntries(
    Object.entries(batch).map(([name, s]) => {
      const { shape, dtype: type = dtype } = "shape" in s ? s : { shape: s };
      return [name, input(`batch.${name}`, shape, type) as Expr];
    }),
  );
}

export const tensorInputs = (prefix: string, specs: ParamSpecs, dtype: ParamDType): Tensors =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [name, input(prefix + name, shape, dtype) as Expr]),
  );

const keyInputs = (name: string): Key => [
  input(`${name}.0`, [], "int32") as Expr,
  input(`${name}.1`, [], "int32") as Expr,
];

function scalarLoss(e: Expr): Expr {
  if (e.shape.length === 0) return e;
  throw shapeError(
    "loss",
    `a loss is one number, but this one has shape ${showShape(e.shape)}`,
    "take its mean",
  );
}
