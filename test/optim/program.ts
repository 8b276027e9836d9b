/** A training step over plain tensors, compiled on any backend: what the optimizer suites run. */
import type { Backend, Executable } from "../../src/engine/backend.ts";
import { type Expr, input, type Node, type Shape } from "../../src/engine/graph/index.ts";
import { valueAndGrad } from "../../src/engine/rules/differentiate.ts";
import {
  applyUpdates,
  evaluateState,
  flattenState,
  initialState,
  stateInputs,
  type Tensors,
  type Transform,
} from "../../src/optim/index.ts";

export type Values = Readonly<Record<string, ArrayLike<number>>>;

export interface Trainer {
  /** One step at this learning rate. Momentum, if the trainer was made with it. */
  readonly step: (lr: number, momentum?: number) => void;
  readonly params: () => Record<string, number[]>;
  /** The parameters to evaluate with: the trained ones or an average of them. */
  readonly evaluated: () => Record<string, number[]>;
  readonly loss: () => number;
  readonly measured: () => Record<string, number>;
  /** The state by dotted name. */
  readonly state: () => Record<string, ArrayLike<number>>;
  /** Back to the start, without compiling again. */
  readonly reset: () => void;
  /** Weights and state (by dotted name) of a run that had made `steps` steps. */
  readonly load: (params: Values, state: Values, steps: number) => void;
  readonly program: Executable;
}

export interface TrainerOptions {
  readonly backend: Backend;
  readonly dtype: "float32" | "float64";
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly start: Values;
  /** To be minimised (the transform may be told to climb, then its negative is given). */
  readonly loss: (params: Tensors) => Expr;
  readonly transform: Transform;
  /** Gradients in place of the loss's own: accumulation and sparse tests write these. */
  readonly gradients?: (params: Tensors, step: Expr) => Tensors;
  readonly scheduledMomentum?: boolean;
}

const scalarInput = (name: string): Node<"input"> => input(name, [], "float64");

export function makeTrainer({
  backend,
  dtype,
  shapes,
  start,
  loss,
  transform,
  gradients,
  scheduledMomentum = false,
}: TrainerOptions): Trainer {
  const names = Object.keys(shapes);
  const params = Object.fromEntries(names.map((n) => [n, input(`param.${n}`, shapes[n]!, dtype)]));
  const [lr, step, momentum] = [scalarInput("lr"), scalarInput("step"), scalarInput("momentum")];
  const key = [input("key0", [], "int32"), input("key1", [], "int32")] as const;
  const [value, ownGrads] = valueAndGrad(loss)(params as Tensors);
  const grads = gradients ? gradients(params as Tensors, step as Expr) : ownGrads;
  const template = transform.init(params as Tensors);
  const before = stateInputs(template, "state.");
  const hyper = {
    lr: lr as Expr,
    step: step as Expr,
    loss: value,
    key: key as unknown as readonly [Expr, Expr],
    evaluate: (at: Tensors) => valueAndGrad(loss)(at) as [Expr, Tensors],
    ...(scheduledMomentum ? { momentum: momentum as Expr } : {}),
  };
  const [updates, after] = transform.update(grads, before, params as Tensors, hyper);
  const next = applyUpdates(params as Tensors, updates);
  const flatBefore = flattenState(before);
  const flatAfter = flattenState(after);
  const measures = transform.measure?.(grads, before, params as Tensors, hyper) ?? {};
  const stateNodes = (flat: Tensors): Node<"input">[] => Object.values(flat) as unknown as Node<"input">[];
  const program = backend.compile({
    inputs: [lr, step, ...key, ...(scheduledMomentum ? [momentum] : [])],
    state: [
      ...names.map((n) => ({ input: params[n]!, next: next[n]! })),
      ...Object.keys(flatBefore).map((k) => ({
        input: flatBefore[k] as unknown as Node<"input">,
        next: flatAfter[k]!,
      })),
    ],
    outputs: Object.entries(measures).map(([k, e]) => ({ name: `measure.${k}`, value: e })),
  });
  const look = backend.compile({
    inputs: [...Object.values(params), ...stateNodes(flatBefore)],
    state: [],
    outputs: [
      { name: "loss", value },
      ...Object.entries(transform.evaluationParams?.(params as Tensors, before) ?? {}).map(([k, e]) => ({
        name: `eval.${k}`,
        value: e,
      })),
    ],
  });
  const given = new Map<Expr, ArrayLike<number>>(names.map((n) => [params[n] as Expr, start[n]!]));
  const first = evaluateState(initialState(transform, params as Tensors), given);
  let count = 0;
  const reset = (): void => {
    count = 0;
    for (const n of names) program.view(`param.${n}`).set(Array.from(start[n]!));
    for (const [k, v] of Object.entries(first)) program.view(`state.${k}`).set(v);
  };
  reset();
  const refresh = (): void => {
    for (const n of names) look.view(`param.${n}`).set(program.view(`param.${n}`));
    for (const k of Object.keys(flatBefore)) look.view(`state.${k}`).set(program.view(`state.${k}`));
    look.run();
  };
  return {
    program,
    reset,
    load: (weights, state, steps) => {
      count = steps;
      for (const n of names) program.view(`param.${n}`).set(Array.from(weights[n]!));
      for (const k of Object.keys(first)) program.view(`state.${k}`).set(Array.from(state[k]!));
    },
    step: (rate, mu = 0) => {
      program.view("lr")[0] = rate;
      program.view("step")[0] = ++count;
      program.view("key0")[0] = 42;
      program.view("key1")[0] = count;
      if (scheduledMomentum) program.view("momentum")[0] = mu;
      program.run();
    },
    params: () => Object.fromEntries(names.map((n) => [n, Array.from(program.view(`param.${n}`))])),
    evaluated: () => {
      refresh();
      const from = transform.evaluationParams ? look : program;
      const prefix = transform.evaluationParams ? "eval" : "param";
      return Object.fromEntries(names.map((n) => [n, Array.from(from.view(`${prefix}.${n}`))]));
    },
    loss: () => {
      refresh();
      return look.view("loss")[0]!;
    },
    measured: () =>
      Object.fromEntries(Object.keys(measures).map((k) => [k, program.view(`measure.${k}`)[0]!])),
    state: () => Object.fromEntries(Object.keys(flatBefore).map((k) => [k, program.view(`state.${k}`)])),
  };
}
