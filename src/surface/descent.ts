/** One optimizer on one surface, step by step, with every term of each update. The whole step is one compiled program. */
import type { Backend } from "../engine/backend.ts";
import { wasm } from "../engine/backends/wasm.ts";
import {
  findOptimizer,
  type LearningRate,
  learningRate,
  learningRateFromSpec,
  type Schedule,
  type ScheduleSpec,
  type Transform,
} from "../optim/index.ts";
import { stream } from "../random/index.ts";
import { SteepestError } from "../run/errors.ts";
import { compileStep, type StepInputs, type StepViews } from "./descent-program.ts";
import { correctionOf, type Terms } from "./terms.ts";
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

/**
 * An optimizer at the start of a surface, to be stepped by hand; every step can tell its terms. Throws
 * `descent` for noise, a rate or a start that is no use, and what the optimizer's options throw.
 */
export function createDescent(options: DescentOptions): Descent {
  const { surface, dtype = "float64", backend = wasm } = options;
  const n = surface.variables.length;
  const { transform, correction } = resolve(options.optimizer);
  let lr = rateOf(options.lr ?? transform.lr);
  let from = startOf(surface, options.from ?? surface.start);
  const noise = noiseOf(options);
  let given = createInputs(options, lr, noise);
  const compiled = compileStep(surface, transform, {
    dtype,
    backend,
    noisy: noise.sigma > 0,
    setsMomentum: given.setsMomentum,
    seed: noise.seed,
  });
  const { views } = compiled;

  const position = new Float64Array(n);
  const gradient = new Float64Array(n);
  const at = new Float64Array(n);
  let count = 0;
  let loss = Number.NaN;
  let inputs: StepInputs;

  const reset: Descent["reset"] = ({ from: place, lr: other } = {}) => {
    if (place !== undefined) from = startOf(surface, place);
    if (other !== undefined) lr = rateOf(other);
    given = createInputs(options, lr, noise);
    count = 0;
    inputs = given.silent();
    // value and gradient of the start: a step, taken back
    compiled.restart(from);
    compiled.run(inputs);
    position.set(from);
    loss = views.value[0]!;
    gradient.set(views.gradient);
    compiled.restart(from);
    requireDefined(surface, { at: from, loss, gradient });
  };
  const advance = (): void => {
    inputs = given.next(count);
    at.set(views.point);
    compiled.run(inputs);
    count++;
    position.set(views.position);
    loss = views.loss[0]!;
    gradient.set(views.nextGradient);
    given.observe(loss);
  };
  const last = (): DescentStep => {
    requireStep(count);
    const state = compiled.state();
    const corrected = correction?.(state, count, inputs.momentum) ?? {};
    return { ...recordOf(inputs, views), at: Array.from(at), state, corrected, loss };
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
      return inputs.lr;
    },
    position,
    gradient,
    advance,
    last,
    step: () => {
      advance();
      return last();
    },
    reset,
  };
}

/** What each step is given: rate and momentum of the schedule, and noise, the same for every optimizer with this seed. */
interface Inputs {
  readonly setsMomentum: boolean;
  /** Of the first step, without noise. */
  readonly silent: () => StepInputs;
  /** Of the step after `count` others. */
  readonly next: (count: number) => StepInputs;
  readonly observe: (loss: number) => void;
}

function createInputs(options: DescentOptions, lr: number, { sigma, seed }: Noise): Inputs {
  const schedule = scheduleOf(options, lr);
  const n = options.surface.variables.length;
  const draws = stream(seed, "noise");
  const after = (count: number, noise: readonly number[]): StepInputs => ({
    step: count + 1,
    lr: schedule.lrAt(count),
    momentum: schedule.momentumAt(count),
    noise,
  });
  return {
    setsMomentum: schedule.setsMomentum,
    silent: () => after(0, new Array<number>(n).fill(0)),
    next: (count) => after(count, sigma > 0 ? Array.from(draws.normal(n), (z) => sigma * z) : []),
    observe: (loss) => schedule.observe(loss),
  };
}

function scheduleOf({ schedule, steps }: DescentOptions, base: number): LearningRate {
  if (schedule === undefined) return learningRate(() => base);
  if (typeof schedule === "function") return learningRate(schedule);
  return learningRateFromSpec(schedule, base, steps === undefined ? {} : { totalSteps: steps });
}

/** What the program tells of a step: its inputs, and what it wrote. */
function recordOf(
  { step, lr, momentum }: StepInputs,
  views: StepViews,
): Omit<DescentStep, "at" | "state" | "corrected" | "loss"> {
  const update = Array.from(views.update);
  const gradient = Array.from(views.gradient);
  return {
    step,
    lr,
    ...(momentum === undefined ? {} : { momentum }),
    gradient,
    noise: views.noise ? Array.from(views.noise) : null,
    update,
    effective: update.map((u, i) => Math.abs(u / gradient[i]!)),
    position: Array.from(views.position),
  };
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

interface Noise {
  readonly sigma: number;
  readonly seed: number;
}

function noiseOf({ noise }: DescentOptions): Noise {
  const { sigma = 0, seed = 0 } = noise ?? {};
  if (sigma >= 0 && Number.isFinite(sigma)) return { sigma, seed };
  throw new SteepestError("descent", `the noise is ${sigma}`, { help: "give sigma a number ≥ 0" });
}

function requireStep(count: number): void {
  if (count > 0) return;
  throw new SteepestError("descent", "no step has been made yet", {
    help: "call step() or advance() first",
  });
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
