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
import { shapeError } from "../engine/graph/shape.ts";
import { gradients } from "../engine/rules/differentiate.ts";
import { requireLayer } from "../nn/errors.ts";
import type { Context, Key, Layer, ParamDType, ParamSpecs, Tensors } from "../nn/layer.ts";
import { flattenState, stateInputs, unflattenState } from "../optim/state.ts";
import { applyUpdates, globalNorm } from "../optim/tensors.ts";
import type { Hyper, Transform } from "../optim/transform.ts";
import { SteepestError } from "../run/errors.ts";
import { type LossContext, type Pass, pass, scalarOf } from "./pass.ts";
import { requireOptimizer } from "./require-optimizer.ts";

/** Shapes of the batch, the examples first; a part without a dtype has that of the parameters. */
export type BatchShapes = Readonly<Record<string, Shape | { readonly shape: Shape; readonly dtype?: DType }>>;
/** The batch as expressions, under exactly the names of its shapes: `x` feeds the model, the rest is for the loss. */
export type BatchTensors<B extends BatchShapes = BatchShapes> = { readonly [K in keyof B]: Expr };
/** A loss takes the model's output, the batch and, where it needs more, the parameters; it gives a scalar. */
export type LossFunction<B extends BatchShapes = BatchShapes> = (
  output: Expr,
  batch: BatchTensors<B>,
  context: LossContext,
) => Expr;

/** What a step of training is made of. */
export interface StepParts<B extends BatchShapes = BatchShapes> {
  readonly model: Layer;
  readonly loss: LossFunction<NoInfer<B>>;
  readonly optimizer: Transform;
  /** Scalars to compute beside the loss, from the same forward pass: they stand in the step's result. */
  readonly measures?: Readonly<Record<string, LossFunction<NoInfer<B>>>>;
  /** Shapes of the batch, the examples first: `{ x: [64, 784], y: { shape: [64], dtype: "int32" } }`. */
  readonly batch: B;
  readonly dtype?: ParamDType;
  /**
   * A schedule may set momentum too: then momentum is an input of the program. "required": the optimizer has to read it.
   */
  readonly schedulesMomentum?: boolean | "required";
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
  /** Whether the update reads the learning rate. */
  readonly readsRate: boolean;
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
  measures: wanted = {},
  batch,
  dtype = "float32",
  schedulesMomentum = false,
}: StepParts): TracedStep {
  requireLayer("the model", model);
  requireOptimizer(optimizer);
  const data = batchInputs(batch, dtype);
  const params = tensorInputs("param.", model.params, dtype);
  const buffers = tensorInputs("buffer.", model.buffers, dtype);
  const lr = input("lr", [], "float64");
  const step = input("step", [], "float64");
  const momentum = input("momentum", [], "float64");
  const feeds = feedInputs(optimizer);
  const modelKey = keyInputs("modelKey");
  const optimizerKey = keyInputs("optimizerKey");

  const context: Context = { training: true, key: modelKey };
  const lossAt = (at: Tensors): readonly [Expr, Tensors, Tensors] => {
    const done = pass(model, { params: at, buffers, batch: data, context });
    const found = scalarOf("a loss", loss(done.output, data, done.context));
    const own = measuresAt(wanted, done, data);
    return [found, done.buffers(), own];
  };
  const [value, nextBuffers, ownMeasures] = lossAt(params);
  requireParameters(value, params);
  const grads = gradientsAt(value, params);
  const first = optimizer.init(params);
  const state = stateInputs(first, "optimizer.");
  const hyper: Hyper = {
    lr,
    step,
    loss: cast(value, "float64"),
    key: optimizerKey,
    ...(schedulesMomentum !== false ? { momentum } : {}),
    feeds,
    evaluate: (at) => {
      const [other] = lossAt(at);
      return [other, gradientsAt(other, at)];
    },
  };
  const [updates, nextState] = optimizer.update(grads, state, params, hyper);
  const nextParams = applyUpdates(params, updates);
  const measures = joined(measuredBy(optimizer, [grads, state, params, hyper]), ownMeasures);

  const stateIn = flattenState(state);
  const stateNext = flattenState(unflattenState(state, flattenState(nextState)));
  const kept = [
    ...withNext(params, nextParams),
    ...withNext(buffers, nextBuffers),
    ...withNext(stateIn, stateNext),
  ];
  const outputs = [
    { name: "out.loss", value },
    ...Object.entries(measures).map(([name, e]) => ({ name: `out.${name}`, value: e })),
  ];
  const used = new Set(topologicalOrder([...kept.map((s) => s.next), ...outputs.map((o) => o.value)]));
  requireRead(used, { ...feeds, ...(schedulesMomentum === "required" && { momentum }) });
  const fed = Object.values(feeds);
  const inputs = [...Object.values(data), lr, step, momentum, ...fed, ...modelKey, ...optimizerKey].filter(
    (e) => used.has(e as Expr),
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
    readsRate: used.has(lr as Expr),
  };
}

/** The gradient's norm, and what the optimizer measures. */
function measuredBy(optimizer: Transform, at: Parameters<NonNullable<Transform["measure"]>>): Tensors {
  const { nonFinite, ...measured } = optimizer.measure?.(...at) ?? {};
  // a norm tells of non-finite entries already: counting them is another pass over all gradients, made when asked for
  const counted = optimizer.errorIfNonfinite === true && nonFinite !== undefined ? { nonFinite } : {};
  return { gradNorm: globalNorm(at[0]), ...measured, ...counted };
}

const withNext = (tensors: Tensors, next: Tensors): TracedStep["state"] =>
  Object.keys(tensors).map((name) => ({ input: tensors[name] as Node<"input">, next: next[name]! }));

function gradientsAt(of: Expr, at: Tensors): Tensors {
  const found = gradients(of, Object.values(at));
  return Object.fromEntries(Object.keys(at).map((name, i) => [name, found[i]!]));
}

const measuresAt = (
  wanted: NonNullable<StepParts["measures"]>,
  { output, context }: Pass,
  data: BatchTensors,
): Tensors =>
  Object.fromEntries(
    Object.entries(wanted).map(([name, f]) => [
      name,
      scalarOf(`the measure ${name}`, f(output, data, context)),
    ]),
  );

/** What the step measures by itself, and what was asked for. */
function joined(found: Tensors, own: Tensors): Tensors {
  const taken = Object.keys(own).find((name) => name === "loss" || name in found);
  if (taken === undefined) return { ...found, ...own };
  throw new SteepestError("option", `a measure is called ${taken}, as one of the step's own`, {
    where: "at measures",
    help: "give it another name",
  });
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

/** An input for each schedule of the optimizer's own. Throws `option` for two of one name. */
function feedInputs({ feeds = [] }: Transform): Tensors {
  const names = feeds.map((f) => f.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new SteepestError("option", `the optimizer has two schedules called "${twice}"`, {
      where: "at optimizer",
      help: "schedule each of its numbers once",
    });
  }
  return Object.fromEntries(names.map((name) => [name, input(`feed.${name}`, [], "float64") as Expr]));
}

/** Refuses a schedule that changes nothing. */
function requireRead(used: ReadonlySet<Expr>, scheduled: Tensors): void {
  const idle = Object.keys(scheduled).find((name) => !used.has(scheduled[name]!));
  if (idle === undefined) return;
  const [what, help] = IDLE[idle] ?? ["rate of a parameter group", "let the group hold a parameter"];
  throw new SteepestError("option", `the ${what} is scheduled, but the optimizer has none`, {
    where: `at ${idle in IDLE ? `schedules.${idle}` : "groups"}`,
    help,
  });
}

const IDLE: Readonly<Record<string, readonly [string, string]>> = {
  momentum: ["momentum", "give it one above 0, or leave the schedule out"],
  weightDecay: ["weight decay", "give it one above 0, or leave the schedule out"],
};

const keyInputs = (name: string): Key => [
  input(`${name}.0`, [], "int32") as Expr,
  input(`${name}.1`, [], "int32") as Expr,
];

/** Refuses a loss in which no parameter stands: all gradients would be 0. */
function requireParameters(value: Expr, params: Tensors): void {
  const all = Object.values(params);
  if (all.length === 0) return;
  const used = new Set(topologicalOrder([value]));
  if (all.some((p) => used.has(p))) return;
  throw new SteepestError("loss", "the loss does not depend on the model's parameters", {
    help: "compute it from the model's output, which is its first argument",
  });
}
