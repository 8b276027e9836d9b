/** One optimizer on one surface, step by step, with every term of each update. The whole step is one compiled program. */
import type { Backend } from "../engine/backend.ts";
import { wasm } from "../engine/backends/wasm.ts";
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
  findOptimizer,
  flattenState,
  type Hyper,
  initialState,
  type LearningRate,
  learningRate,
  learningRateFromSpec,
  type Schedule,
  type ScheduleSpec,
  stateInputs,
  type Tensors,
  type Transform,
  unflattenState,
} from "../optim/index.ts";
import { type Stream, stream, streamKey, threefryInto } from "../random/index.ts";
import { SteepestError } from "../run/errors.ts";
import { valueAt } from "./evaluate.ts";
import { correctionOf, shortNames, type Terms } from "./terms.ts";
import type { Surface } from "./types.ts";

/** A name of the table with its options, or a transform of one's own. */
export type DescentOptimizer =
  | string
  | { readonly name: string; readonly [option: string]: unknown }
  | Transform;

/** Options of `createDescent`. */
export interface DescentOptions {
  readonly surface: Surface;
  readonly optimizer: DescentOptimizer;
  /** Default: the surface's start. */
  readonly from?: ArrayLike<number>;
  /** Default: the optimizer's own. */
  readonly lr?: number;
  readonly schedule?: ScheduleSpec | Schedule;
  /** How long the run will be, for schedules that end. */
  readonly steps?: number;
  /** Normal noise added to every gradient: the same numbers for every optimizer with this seed. */
  readonly noise?: { readonly sigma: number; readonly seed?: number };
  readonly dtype?: "float32" | "float64";
  readonly backend?: Backend;
}

/** What one step did. Arrays have a number for each coordinate and belong to the reader. */
export interface DescentStep {
  /** 1 for the first. */
  readonly step: number;
  readonly lr: number;
  /** Only where the schedule sets it. */
  readonly momentum?: number;
  /** Where the gradient was taken. */
  readonly at: readonly number[];
  /** The surface's gradient there. */
  readonly gradient: readonly number[];
  /** What was added to it; null without noise. */
  readonly noise: readonly number[] | null;
  /** The optimizer's state after the step, in the letters of its paper. */
  readonly state: Terms;
  /** m̂, v̂: the moments corrected for their cold start, where the optimizer does that. */
  readonly corrected: Terms;
  /** What was added to the coordinates. */
  readonly update: readonly number[];
  /** |update / gradient| of each coordinate: the step size it had. Infinite where the gradient is zero. */
  readonly effective: readonly number[];
  readonly position: readonly number[];
  /** At the new position. */
  readonly loss: number;
}

/** An optimizer on a surface, step by step. */
export interface Descent {
  readonly surface: Surface;
  /** Steps made. */
  readonly count: number;
  /**
   * Where the optimizer stands. Averaging and look-ahead optimizers train one point and answer with another: this is
   * the answer. A view, overwritten by the next step.
   */
  readonly position: Float64Array;
  /** Of the surface at `position`, without noise. */
  readonly loss: number;
  /** The surface's gradient where the next step takes it. A view. */
  readonly gradient: Float64Array;
  readonly lr: number;
  /** One step without a record. */
  readonly advance: () => void;
  /** What the last step did. Throws `descent` before the first. */
  readonly last: () => DescentStep;
  /** One step and what it did. */
  readonly step: () => DescentStep;
  /** Back to a start; the noise begins again too. */
  readonly reset: (options?: { readonly from?: ArrayLike<number>; readonly lr?: number }) => void;
}

const POINT = "point";

/**
 * An optimizer at the start of a surface, to be stepped by hand; every step can tell its terms. Throws
 * `descent` for noise, a rate or a start that is no use, and what the optimizer's options throw.
 */
export function createDescent(options: DescentOptions): Descent {
  const { surface, dtype = "float64", backend = wasm, noise, steps } = options;
  const n = surface.variables.length;
  const { transform, correction } = resolve(options.optimizer);
  let lr = rateOf(options.lr ?? transform.lr);
  let from = startOf(surface, options.from ?? surface.start);
  const sigma = noise?.sigma ?? 0;
  const seed = noise?.seed ?? 0;
  if (!(sigma >= 0 && Number.isFinite(sigma))) {
    throw new SteepestError("descent", `the noise is ${sigma}`, { help: "give sigma a number ≥ 0" });
  }

  const point = input(POINT, [n], dtype);
  const scalars = {
    lr: input("lr", [], "float64"),
    step: input("step", [], "float64"),
    momentum: input("momentum", [], "float64"),
    k0: input("k0", [], "int32"),
    k1: input("k1", [], "int32"),
    noise: input("noise", [n], dtype),
  };
  const withNoise = (g: Expr): Expr => (sigma > 0 ? add(g, scalars.noise as Expr) : g);
  const slopeAt = (value: Expr, at: Expr): Expr => gradients(value, [at])[0]!;
  const params: Tensors = { [POINT]: point as Expr };
  const value = valueAt(surface, point as Expr);
  const gradient = slopeAt(value, point as Expr);
  let schedule = scheduleOf(options, lr);
  const { setsMomentum } = schedule;
  const hyper: Hyper = {
    lr: scalars.lr as Expr,
    step: scalars.step as Expr,
    loss: value,
    key: [scalars.k0 as Expr, scalars.k1 as Expr],
    ...(setsMomentum ? { momentum: scalars.momentum as Expr } : {}),
    evaluate: (at) => {
      const there = valueAt(surface, at[POINT]!);
      return [there, { [POINT]: withNoise(slopeAt(there, at[POINT]!)) }];
    },
  };
  const before = stateInputs(transform.init(params), "state.");
  const [updates, after] = transform.update({ [POINT]: withNoise(gradient) }, before, params, hyper);
  const moved = applyUpdates(params, updates);
  const answer = transform.evaluationParams?.(moved, after) ?? moved;
  const flatBefore = flattenState(before);
  const flatAfter = flattenState(unflattenState(before, flattenState(after)));
  const kept = [
    { input: point, next: moved[POINT]! },
    ...Object.keys(flatBefore).map((k) => ({
      input: flatBefore[k] as Node<"input">,
      next: flatAfter[k]!,
    })),
  ];
  const outputs = [
    { name: "out.value", value },
    { name: "out.gradient", value: gradient },
    { name: "out.update", value: updates[POINT]! },
    { name: "out.position", value: answer[POINT]! },
    { name: "out.loss", value: valueAt(surface, answer[POINT]!) },
    { name: "out.nextGradient", value: slopeAt(valueAt(surface, moved[POINT]!), moved[POINT]!) },
  ];
  const used = new Set(topologicalOrder([...kept.map((s) => s.next), ...outputs.map((o) => o.value)]));
  const inputs = Object.values(scalars).filter((e) => used.has(e as Expr));
  const program = backend.compile({ inputs, state: kept, outputs });
  const viewOf = (name: string): TypedArray | null =>
    inputs.some((e) => e.attrs.name === name) ? program.view(name) : null;
  const views = {
    lr: viewOf("lr"),
    step: viewOf("step"),
    momentum: viewOf("momentum"),
    k0: viewOf("k0"),
    k1: viewOf("k1"),
    noise: viewOf("noise"),
    point: program.view(POINT),
    value: program.view("out.value"),
    gradient: program.view("out.gradient"),
    update: program.view("out.update"),
    position: program.view("out.position"),
    loss: program.view("out.loss"),
    nextGradient: program.view("out.nextGradient"),
  };
  const stateNames = Object.keys(flatBefore);
  const letters = shortNames(stateNames, POINT);
  const stateViews = stateNames.map((name) => program.view(`state.${name}`));
  const optimizerKey = streamKey(seed, "optimizer");
  const words = new Uint32Array(2);

  const position = new Float64Array(n);
  const nextGradient = new Float64Array(n);
  const at = new Float64Array(n);
  let draws: Stream;
  let count = 0;
  let loss = Number.NaN;
  let rate = lr;
  let momentum: number | undefined;

  const run = (): void => {
    if (views.lr) views.lr[0] = rate;
    if (views.step) views.step[0] = count + 1;
    if (views.momentum) views.momentum[0] = momentum ?? Number.NaN;
    if (views.k0 || views.k1) {
      threefryInto(...optimizerKey, count + 1, 0, words);
      if (views.k0) views.k0[0] = words[0]! | 0;
      if (views.k1) views.k1[0] = words[1]! | 0;
    }
    program.run();
  };
  const hyperNow = (): void => {
    rate = schedule.lrAt(count);
    momentum = schedule.momentumAt(count);
  };
  const restore = (): void => {
    const first = evaluateState(initialState(transform, params), new Map([[point as Expr, from]]));
    views.point.set(from);
    stateNames.forEach((name, i) => {
      stateViews[i]!.set(first[name]!);
    });
  };
  const reset: Descent["reset"] = ({ from: place, lr: other } = {}) => {
    if (place !== undefined) from = startOf(surface, place);
    if (other !== undefined) lr = rateOf(other);
    schedule = scheduleOf(options, lr);
    draws = stream(seed, "noise");
    count = 0;
    hyperNow();
    restore();
    // value and gradient of the start: a step, taken back
    views.noise?.fill(0);
    run();
    position.set(from);
    loss = views.value[0]!;
    nextGradient.set(views.gradient);
    restore();
    requireDefined(surface, { at: from, loss, gradient: nextGradient });
  };
  const advance = (): void => {
    hyperNow();
    at.set(views.point);
    if (views.noise) views.noise.set(draws.normal(n).map((z) => sigma * z));
    run();
    count++;
    position.set(views.position);
    loss = views.loss[0]!;
    nextGradient.set(views.nextGradient);
    schedule.observe(loss);
  };
  const last = (): DescentStep => {
    if (count === 0) {
      throw new SteepestError("descent", "no step has been made yet", {
        help: "call step() or advance() first",
      });
    }
    const state = Object.fromEntries(letters.map((l, i) => [l, Array.from(stateViews[i]!)]));
    const [update, slope] = [Array.from(views.update), Array.from(views.gradient)];
    return {
      step: count,
      lr: rate,
      ...(momentum === undefined ? {} : { momentum }),
      at: Array.from(at),
      gradient: slope,
      noise: views.noise ? Array.from(views.noise) : null,
      state,
      corrected: correction?.(state, count, momentum) ?? {},
      update,
      effective: update.map((u, i) => Math.abs(u / slope[i]!)),
      position: Array.from(position),
      loss,
    };
  };
  reset();
  return {
    surface,
    get count() {
      return count;
    },
    get loss() {
      return loss;
    },
    get lr() {
      return rate;
    },
    position,
    gradient: nextGradient,
    advance,
    last,
    step: () => {
      advance();
      return last();
    },
    reset,
  };

  function scheduleOf({ schedule: given }: DescentOptions, base: number): LearningRate {
    if (given === undefined) return learningRate(() => base);
    if (typeof given === "function") return learningRate(given);
    return learningRateFromSpec(given, base, steps === undefined ? {} : { totalSteps: steps });
  }
}

interface Resolved {
  readonly transform: Transform;
  readonly correction: ReturnType<typeof correctionOf>;
}

function resolve(optimizer: DescentOptimizer): Resolved {
  if (typeof optimizer === "object" && "update" in optimizer) {
    return { transform: optimizer as Transform, correction: null };
  }
  const { name, ...options } = typeof optimizer === "string" ? { name: optimizer } : optimizer;
  const entry = findOptimizer(String(name));
  return { transform: entry.make(options), correction: correctionOf(entry.name, options) };
}

function rateOf(lr: number | undefined): number {
  if (lr !== undefined && Number.isFinite(lr) && lr >= 0) return lr;
  throw new SteepestError("descent", `the learning rate is ${lr}`, { help: "give lr a number ≥ 0" });
}

/** Throws `undefined-start` where a function has no value or no slope: nothing could be said about a path from there. */
function requireDefined(
  { variables, text }: Surface,
  { at, loss, gradient }: { at: Float64Array; loss: number; gradient: Float64Array },
): void {
  const place = variables.map((name, i) => `${name} = ${at[i]}`).join(", ");
  if (!Number.isFinite(loss)) {
    throw new SteepestError("undefined-start", `${text} is ${loss} at ${place}`, {
      help: "start where the function has a finite value",
    });
  }
  const i = gradient.findIndex((g) => !Number.isFinite(g));
  if (i < 0) return;
  throw new SteepestError(
    "undefined-start",
    `${text} has no slope along ${variables[i]} at ${place}: it is ${gradient[i]}`,
    {
      help: "start beside that place",
    },
  );
}

function startOf({ variables, name }: Surface, from: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(from);
  const say = `${name} takes ${variables.length} number${variables.length === 1 ? "" : "s"} (${variables.join(", ")})`;
  if (values.length !== variables.length) {
    throw new SteepestError("descent", `the start has ${values.length} numbers`, { help: say });
  }
  if (values.some((v) => !Number.isFinite(v))) {
    throw new SteepestError("descent", `the start is ${Array.from(values).join(", ")}`, { help: say });
  }
  return values;
}
