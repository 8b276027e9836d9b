/** A run that can be watched, paused and steered. In the worker. */

import { type DataHost, memoryHost } from "steepest/data";
import { type Backend, chooseBackend, wasm } from "steepest/engine";
import { type LearningRate, learningRateFromSpec } from "steepest/optim/schedules";
import { debiasedEma } from "steepest/plot";
import { parseRun } from "steepest/run";
import {
  type BuiltRun,
  buildRun,
  type ChooseLate,
  flatParameters,
  type LateRun,
  lateRun,
} from "steepest/train";
import { digitsHost } from "../../lib/digits.ts";
import type { Report } from "../../lib/engine.ts";
import { type Guesses, guesses, type Tally } from "./guesses.ts";
import { frameOf } from "./inside.ts";
import { type Asked, type Change, type OptimizerName, runFile } from "./run-file.ts";

/** What there is to see of the run. */
export interface State {
  /** Steps made. */
  readonly k: number;
  readonly total: number;
  readonly losses: Float64Array;
  readonly averaged: Float64Array;
  /** At equal distances, and at the end. */
  readonly evaluations: readonly {
    readonly step: number;
    readonly loss: number;
    readonly accuracy: number;
  }[];
  /** Of the network as it is now, or was at the last look. */
  readonly tally: Tally & { readonly step: number };
  /** Null before the first steps. */
  readonly stepsPerSecond: number | null;
  /** What the next step would use, as the schedule has it. */
  readonly lr: number;
  readonly optimizer: OptimizerName;
  readonly changes: readonly Change[];
  readonly finite: boolean;
}

export interface Session {
  readonly asked: Asked;
  /** Its weights are those of the last report. */
  built: BuiltRun;
  /** What makes the steps of it, on a GPU where that is faster. */
  run: LateRun;
  /** What was chosen to make them, for the optimizers that come later. */
  readonly chosen: Backend;
  /** Whoever sends steps or exchanges the run waits for who does so now. */
  turn: Promise<void>;
  guess: Guesses;
  readonly frame: ReturnType<typeof frameOf>;
  changes: Change[];
  optimizer: OptimizerName;
  rate: LearningRate;
  readonly losses: number[];
  readonly evaluations: State["evaluations"][number][];
  /** All weights at some steps, the first included. */
  readonly path: Float32Array[];
  tally: State["tally"];
  steps: number;
  seconds: number;
}

let session: Session | undefined;
const EVALUATIONS = 25;
const SMOOTH = 0.9;
/** Milliseconds of steps between two reports. */
const SLICE = 50;

/** Steps a second; null: as fast as it goes. */
let pace: number | null = null;
/** Since when the pace counts, and steps made since. */
let paced = { since: 0, made: 0 };

/** At once, also for a run in progress. Null: as fast as it goes. */
export function setPace(stepsPerSecond: number | null): void {
  pace = stepsPerSecond;
  paced = { since: performance.now(), made: 0 };
}

/** The reader's own table, kept while the page is open. */
let table: { readonly name: string; readonly text: string } | undefined;
/** Returns the names of its columns. */
export async function setTable(name: string, text: string): Promise<readonly string[]> {
  table = { name, text };
  const { default: Papa } = await import("papaparse");
  return Papa.parse<string[]>(text, { preview: 1 }).data[0] ?? [];
}

export function hostFor({ data }: Asked): DataHost {
  if (data !== "csv") return digitsHost;
  return memoryHost(table === undefined ? {} : { [table.name]: table.text });
}

function rateAt({ spec, totalSteps, plan }: BuiltRun, lr: number): LearningRate {
  const rate = learningRateFromSpec(spec.schedule, lr, { totalSteps, stepsPerEpoch: plan.stepsPerEpoch });
  if (rate.followsMetric) throw new Error("this room has no schedule that follows a metric");
  return rate;
}

async function build(
  asked: Asked,
  lr: number,
  { late, from = 0 }: { readonly late: ChooseLate; readonly from?: number },
): Promise<Pick<Session, "built" | "run">> {
  const spec = parseRun(runFile(asked, lr));
  const made = (choose: ChooseLate): Promise<BuiltRun> =>
    buildRun(spec, { host: hostFor(asked), backend: wasm, late: choose });
  const built = await made(late);
  return { built, run: lateRun(built, () => made(async () => wasm), { from }) };
}

/** A new run, at its start. Of settings given for later steps each takes over when its step comes. */
export async function begin(asked: Asked, changes: readonly Change[]): Promise<Session> {
  const [, lr, optimizer = asked.optimizer] = changes[0]!;
  let chosen: Backend = wasm;
  const late: ChooseLate = async (step, runs) =>
    (chosen = await chooseBackend(asked.on, { late: step, runs }));
  const { built, run } = await build({ ...asked, optimizer }, lr, { late });
  const old = session;
  if (old !== undefined) void inTurn(old, async () => old.built.step.executable.device?.release());
  const guess = guesses(built, wasm);
  const tally = { ...guess.tally(), step: 0 };
  session = {
    asked,
    built,
    run,
    chosen,
    turn: Promise.resolve(),
    guess,
    frame: frameOf(built),
    changes: [...changes],
    optimizer,
    rate: rateAt(built, lr),
    losses: [],
    evaluations: [{ step: 0, loss: tally.loss, accuracy: tally.accuracy }],
    path: [Float32Array.from(flatParameters(built))],
    tally,
    steps: 0,
    seconds: 0,
  };
  return session;
}

export function opened(): Session {
  if (session === undefined) throw new Error("there is no run yet");
  return session;
}

export function stateOf(s: Session): State {
  const k = s.losses.length;
  return {
    k,
    total: s.built.totalSteps,
    losses: Float64Array.from(s.losses),
    averaged: Float64Array.from(debiasedEma(s.losses, SMOOTH)),
    evaluations: [...s.evaluations],
    tally: s.tally,
    stepsPerSecond: s.seconds > 0 ? s.steps / s.seconds : null,
    lr: s.rate.lrAt(Math.min(k, s.built.totalSteps - 1)),
    optimizer: s.optimizer,
    changes: s.changes,
    finite: k === 0 || Number.isFinite(s.losses[k - 1]),
  };
}

/** Work on the run, after what is under way. */
function inTurn<T>(s: Session, work: () => Promise<T>): Promise<T> {
  const done = s.turn.then(work);
  s.turn = done.then(
    () => undefined,
    () => undefined,
  );
  return done;
}

/** From the next step on. Another optimizer takes the weights as they are, and begins with a state of its own. */
export const change = (s: Session, lr: number, optimizer: OptimizerName): Promise<void> =>
  inTurn(s, async () => {
    const k = s.losses.length;
    const kept = s.changes.filter(([step]) => step < k);
    const other = optimizer !== s.optimizer;
    // a list that names one optimizer names the first too: the control shows the last
    const named = other && kept[0] !== undefined && kept[0][2] === undefined;
    const before: Change[] = named ? [[0, kept[0]![1], s.optimizer], ...kept.slice(1)] : kept;
    s.changes = [...before, other ? [k, lr, optimizer] : [k, lr]];
    await take(s, s.changes.at(-1)!);
  });

async function take(s: Session, [, lr, optimizer = s.optimizer]: Change): Promise<void> {
  if (optimizer !== s.optimizer) {
    await s.run.settle();
    const { step } = s.built;
    const next = await build({ ...s.asked, optimizer }, lr, {
      late: async () => s.chosen,
      from: s.losses.length,
    });
    const weights = new Map(step.state.map((t) => [t.name, t.values]));
    for (const { name, values } of next.built.step.state) {
      if (!name.startsWith("optimizer.")) values.set(weights.get(name) ?? values);
    }
    step.executable.device?.release();
    Object.assign(s, next, { guess: guesses(next.built, wasm), optimizer });
  }
  s.rate = rateAt(s.built, lr);
}

/** Steps for a slice of time, up to `end` or to numbers that are no numbers; the weights are there then. */
async function slice(s: Session, end: number): Promise<void> {
  const began = performance.now();
  do {
    const k = s.losses.length;
    const due = s.changes.find(([step]) => step === k);
    if (due !== undefined && k > 0) await take(s, due);
    const next = s.changes.find(([step]) => step > k)?.[0] ?? end;
    for (const { loss } of await s.run.burst(Math.min(end, next), (at) => [s.rate.lrAt(at)])) {
      s.losses.push(loss);
      if (!Number.isFinite(loss)) break;
    }
  } while (s.losses.length < end && Number.isFinite(s.losses.at(-1)) && performance.now() - began < SLICE);
  await s.run.settle();
}

/** How many steps the pace allows now; waits where it allows none. */
async function allowed(): Promise<number> {
  const asked = pace;
  if (asked === null) return Number.POSITIVE_INFINITY;
  const due = Math.floor(((performance.now() - paced.since) / 1000) * asked) - paced.made;
  if (due < 1) await new Promise((done) => setTimeout(done, Math.min(1000 / asked, 30)));
  return due;
}

/** Trains until step `to` or until told to stop; another run that is opened meanwhile ends this one. */
export async function goOn(s: Session, to: number, report: Report<State>): Promise<State> {
  const { totalSteps } = s.built;
  const end = Math.min(to, totalSteps);
  const every = Math.max(1, Math.round(totalSteps / EVALUATIONS));
  const evaluate = (): void => {
    const step = s.losses.length;
    if (s.tally.step !== step) s.tally = { ...s.guess.tally(), step };
    const regular = step % every === 0 || step === totalSteps;
    if (regular && s.evaluations.at(-1)!.step !== step) {
      s.evaluations.push({ step, loss: s.tally.loss, accuracy: s.tally.accuracy });
      s.path.push(Float32Array.from(flatParameters(s.built)));
    }
  };
  setPace(pace);
  while (s.losses.length < end && session === s) {
    const quota = await allowed();
    const began = performance.now();
    const before = s.losses.length;
    const stop = Math.min(end, before + quota, every * (Math.floor(before / every) + 1));
    if (stop > before) await inTurn(s, () => slice(s, stop));
    const made = s.losses.length - before;
    paced.made += made;
    s.seconds += (performance.now() - began) / 1000;
    s.steps += made;
    const finite = s.losses.length === 0 || Number.isFinite(s.losses.at(-1));
    if (made > 0 && (s.losses.length % every === 0 || !finite)) evaluate();
    if (!(await report(stateOf(s))) || !finite) break;
  }
  evaluate();
  return stateOf(s);
}
