/** The step of an optimizer on a surface as one compiled program, and what it reads and writes. */
import type { Backend, ProgramSpec } from "../engine/backend.ts";
import {
  add,
  type Expr,
  input,
  type Node,
  type TypedArray,
  topologicalOrder,
} from "../engine/graph/index.ts";
import { gradients } from "../engine/rules/differentiate.ts";
import {
  applyUpdates,
  evaluateState,
  flattenState,
  type Hyper,
  initialState,
  stateInputs,
  type Tensors,
  type Transform,
  unflattenState,
} from "../optim/index.ts";
import { streamKey, threefryInto } from "../random/index.ts";
import { valueAt } from "./evaluate.ts";
import { shortNames, type Terms } from "./terms.ts";
import type { Surface } from "./types.ts";

/** Options of `compileStep`. */
interface StepOptions {
  readonly dtype: "float32" | "float64";
  readonly backend: Backend;
  /** Gradients get noise, which is an input. */
  readonly noisy: boolean;
  /** The momentum is an input, too. */
  readonly setsMomentum: boolean;
  /** Of the optimizer's own random numbers. */
  readonly seed: number;
}

/** What changes from step to step. */
export interface StepInputs {
  /** 1 for the first. */
  readonly step: number;
  readonly lr: number;
  readonly momentum: number | undefined;
  /** A number for each coordinate; read by a noisy step alone. */
  readonly noise: readonly number[];
}

/** What the program holds after a step: a number for each coordinate, or one. Overwritten by the next. */
export interface StepViews {
  /** The point that is trained, after the step. */
  readonly point: TypedArray;
  /** The surface where the step began. */
  readonly value: TypedArray;
  readonly gradient: TypedArray;
  readonly noise: TypedArray | null;
  readonly update: TypedArray;
  /** The optimizer's answer, which for averaging ones is not the point that is trained. */
  readonly position: TypedArray;
  /** The surface at `position`. */
  readonly loss: TypedArray;
  /** Where the next step takes its gradient. */
  readonly nextGradient: TypedArray;
}

export interface CompiledStep {
  readonly views: StepViews;
  /** The optimizer's state, in the letters of its paper. */
  readonly state: () => Terms;
  /** Point and state as they are before the first step from here. */
  readonly restart: (from: Float64Array) => void;
  readonly run: (inputs: StepInputs) => void;
}

/** The inputs as the graph has them. */
interface StepNodes {
  readonly point: Node<"input">;
  readonly scalars: Readonly<Record<"lr" | "step" | "momentum" | "k0" | "k1" | "noise", Node<"input">>>;
}

const POINT = "point";

/** One step of `transform` from a point of the surface, compiled. */
export function compileStep(surface: Surface, transform: Transform, options: StepOptions): CompiledStep {
  const { dtype, backend, seed } = options;
  const n = surface.variables.length;
  const point = input(POINT, [n], dtype);
  const scalars = {
    lr: input("lr", [], "float64"),
    step: input("step", [], "float64"),
    momentum: input("momentum", [], "float64"),
    k0: input("k0", [], "int32"),
    k1: input("k1", [], "int32"),
    noise: input("noise", [n], dtype),
  };
  const { state, outputs, stateNames } = stepExpressions(surface, transform, { ...options, point, scalars });
  const used = new Set(topologicalOrder([...state.map((s) => s.next), ...outputs.map((o) => o.value)]));
  const inputs = Object.values(scalars).filter((e) => used.has(e as Expr));
  const program = backend.compile({ inputs, state, outputs });
  const read = new Set(inputs.map((e) => e.attrs.name));
  const viewIfRead = (name: keyof typeof scalars): TypedArray | null =>
    read.has(name) ? program.view(name) : null;

  const [lr, step, momentum, k0, k1] = (["lr", "step", "momentum", "k0", "k1"] as const).map(viewIfRead);
  const views: StepViews = {
    point: program.view(POINT),
    noise: viewIfRead("noise"),
    value: program.view("out.value"),
    gradient: program.view("out.gradient"),
    update: program.view("out.update"),
    position: program.view("out.position"),
    loss: program.view("out.loss"),
    nextGradient: program.view("out.nextGradient"),
  };
  const stateViews = stateNames.map((name) => program.view(`state.${name}`));
  const letters = shortNames(stateNames, POINT);
  const optimizerKey = streamKey(seed, "optimizer");
  const words = new Uint32Array(2);
  const first = initialState(transform, { [POINT]: point as Expr });

  return {
    views,
    state: () => Object.fromEntries(letters.map((l, i) => [l, Array.from(stateViews[i]!)])),
    restart(from) {
      const values = evaluateState(first, new Map([[point as Expr, from]]));
      views.point.set(from);
      stateNames.forEach((name, i) => {
        stateViews[i]!.set(values[name]!);
      });
    },
    run(now) {
      if (lr) lr[0] = now.lr;
      if (step) step[0] = now.step;
      if (momentum) momentum[0] = now.momentum ?? Number.NaN;
      views.noise?.set(now.noise);
      if (k0 || k1) {
        threefryInto(...optimizerKey, now.step, 0, words);
        if (k0) k0[0] = words[0]! | 0;
        if (k1) k1[0] = words[1]! | 0;
      }
      program.run();
    },
  };
}

/** What the step computes: the next state of point and optimizer, and what is told of the step. */
function stepExpressions(
  surface: Surface,
  transform: Transform,
  { noisy, setsMomentum, point, scalars }: StepOptions & StepNodes,
): Pick<ProgramSpec, "state" | "outputs"> & { readonly stateNames: readonly string[] } {
  const valueOf = (at: Expr): Expr => valueAt(surface, at);
  const slopeOf = (value: Expr, at: Expr): Expr => gradients(value, [at])[0]!;
  const withNoise = (g: Expr): Expr => (noisy ? add(g, scalars.noise as Expr) : g);
  const params: Tensors = { [POINT]: point as Expr };
  const value = valueOf(point as Expr);
  const gradient = slopeOf(value, point as Expr);
  const hyper: Hyper = {
    lr: scalars.lr as Expr,
    step: scalars.step as Expr,
    loss: value,
    key: [scalars.k0 as Expr, scalars.k1 as Expr],
    ...(setsMomentum ? { momentum: scalars.momentum as Expr } : {}),
    evaluate: ({ [POINT]: at }) => {
      const there = valueOf(at!);
      return [there, { [POINT]: withNoise(slopeOf(there, at!)) }];
    },
  };
  const before = stateInputs(transform.init(params), "state.");
  const [updates, after] = transform.update({ [POINT]: withNoise(gradient) }, before, params, hyper);
  const moved = applyUpdates(params, updates);
  const answer = (transform.evaluationParams?.(moved, after) ?? moved)[POINT]!;
  const flatBefore = flattenState(before);
  const flatAfter = flattenState(unflattenState(before, flattenState(after)));
  const stateNames = Object.keys(flatBefore);
  return {
    stateNames,
    state: [
      { input: point, next: moved[POINT]! },
      ...stateNames.map((k) => ({ input: flatBefore[k] as Node<"input">, next: flatAfter[k]! })),
    ],
    outputs: [
      { name: "out.value", value },
      { name: "out.gradient", value: gradient },
      { name: "out.update", value: updates[POINT]! },
      { name: "out.position", value: answer },
      { name: "out.loss", value: valueOf(answer) },
      { name: "out.nextGradient", value: slopeOf(valueOf(moved[POINT]!), moved[POINT]!) },
    ],
  };
}
