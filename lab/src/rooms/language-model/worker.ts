/** A small language model that trains while one watches, writes, is steered, and gives its weights away. */

import { memoryHost } from "steepest/data";
import { type Backend, chooseBackend } from "steepest/engine";
import { type LearningRate, learningRateFromSpec } from "steepest/optim/schedules";
import { debiasedEma } from "steepest/plot";
import { loadRun } from "steepest/predict";
import { parseRun, SteepestError } from "steepest/run";
import {
  type BuiltRun,
  buildRun,
  decodeSafeTensors,
  type EvalStep,
  encodeCheckpoint,
  evalStep,
  type LateRun,
  lateRun,
  loadWeights,
  modelRecord,
  requireSameCharacters,
} from "steepest/train";
import type { Report } from "../../lib/engine.ts";
import type { RateChange } from "../../lib/rates.ts";
import { type Alert, createDoctor, type Doctor } from "./doctor.ts";
import { type Asked, runFile, textFile } from "./run-file.ts";
import { bytesOf, setOwn } from "./texts.ts";
import { type Attention, createWriter, type Writer } from "./writer.ts";

export interface Facts {
  readonly parameters: number;
  /** Characters of the text, and different ones. */
  readonly characters: number;
  readonly vocabulary: number;
  readonly backend: string;
  /** What was measured when it was chosen. */
  readonly why: string;
}

/** How the reader wants it to write. */
export interface Wish {
  readonly prompt: string;
  readonly temperature: number;
}

export interface Sample extends Wish {
  readonly step: number;
  /** What it wrote after the prompt. */
  readonly text: string;
}

/** What there is to see of the run. */
export interface State {
  readonly k: number;
  readonly total: number;
  /** Of each step. */
  readonly losses: Float64Array;
  readonly averaged: Float64Array;
  readonly norms: Float64Array;
  readonly rates: Float64Array;
  /** Loss on text that it does not train on, at equal distances and at the end. */
  readonly evaluations: readonly { readonly step: number; readonly loss: number }[];
  /** The latest last. */
  readonly samples: readonly Sample[];
  /** Why it does not write: the prompt has a character that the text has not. */
  readonly mute: string | null;
  readonly stepsPerSecond: number | null;
  /** What the next step would use, as the schedule has it. */
  readonly lr: number;
  readonly changes: readonly RateChange[];
  readonly finite: boolean;
  readonly alerts: readonly Alert[];
  /** Of a run at rest, where there are steps enough to judge. */
  readonly headline: ReturnType<Doctor["headline"]> | null;
}

interface Session {
  readonly built: BuiltRun;
  /** What makes the steps of it, on a GPU where that is faster. */
  readonly run: LateRun;
  /** Settled when no steps are under way. */
  going: Promise<unknown>;
  readonly writer: Writer;
  readonly doctor: Doctor;
  readonly unseen: () => number;
  readonly losses: number[];
  readonly norms: number[];
  readonly rates: number[];
  readonly evaluations: { step: number; loss: number }[];
  samples: Sample[];
  mute: string | null;
  headline: State["headline"];
  changes: RateChange[];
  rate: LearningRate;
  steps: number;
  seconds: number;
}

/** Weights that the reader brought, with the model as the file describes it. */
interface Kept {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly model: Readonly<Record<string, unknown>> | null;
}

let session: Session | undefined;
let wish: Wish = { prompt: "", temperature: 0.8 };
let kept: Kept | null = null;

const EVALUATIONS = 40;
const SMOOTH = 0.95;
/** ms of steps between two reports, */
const SLICE = 60;
/** and of training between two samples; the doctor judges as often. */
const REST = 1500;
/** Characters of a sample, */
const LENGTH = 240;
/** and samples that are kept. */
const MAX_SAMPLES = 60;
/** Windows of unseen text whose loss is measured. */
const WINDOWS = 64;
/** With fewer steps there is nothing to judge. */
const MIN_STEPS = 50;

function rateAt({ spec, totalSteps, plan }: BuiltRun, lr: number): LearningRate {
  return learningRateFromSpec(spec.schedule, lr, { totalSteps, stepsPerEpoch: plan.stepsPerEpoch });
}

/** A new run, at its start. Of rates given for later steps each takes over when its step comes. */
export async function open(
  asked: Asked & { readonly weights: string },
  changes: readonly RateChange[],
): Promise<{ facts: Facts; state: State }> {
  const lr = changes[0]![1];
  const old = session;
  void old?.going.finally(() => old.built.step.executable.device?.release());
  session = undefined;
  const bytes = await bytesOf(asked.text);
  const host = memoryHost({ [textFile(asked.text)]: bytes });
  const backend = await chooseBackend();
  const start = asked.weights === "" ? null : kept;
  const declared = runFile(asked, lr);
  const model = { ...start?.model, ...(declared["model"] as object) };
  const spec = parseRun({ ...declared, model });
  const built = await buildRun(spec, {
    host,
    backend,
    late: (step, runs) => chooseBackend(asked.on, { late: step, runs }),
  });
  if (start !== null) startFrom(start, built);
  const run = lateRun(built, () => buildRun(spec, { host, backend, late: async () => backend }));
  const writer = createWriter(run, backend);
  session = {
    built,
    run,
    going: Promise.resolve(),
    writer,
    doctor: createDoctor(built.spec.name),
    unseen: unseenLoss(run, backend),
    losses: [],
    norms: [],
    rates: [],
    evaluations: [],
    samples: [],
    mute: null,
    headline: null,
    changes: [...changes],
    rate: rateAt(built, lr),
    steps: 0,
    seconds: 0,
  };
  evaluate(session);
  sample(session);
  return {
    facts: {
      parameters: built.parameters,
      characters: built.data.features.data.length + (built.data.validation?.features.data.length ?? 0),
      vocabulary: built.outputs,
      backend: built.backend,
      why: String(built.notes["why"] ?? ""),
    },
    state: stateOf(session),
  };
}

/** Weights of a file in place of random ones. */
function startFrom({ name, bytes }: Kept, built: BuiltRun): void {
  requireSameCharacters(built.data, decodeSafeTensors(bytes, name), name);
  loadWeights(built.step, bytes, { where: name });
}

/** The mean loss over windows at equal distances of the text's unseen end. */
function unseenLoss(run: LateRun, backend: Backend): () => number {
  const { parts, data } = run.built();
  const { model, optimizer, loss, dtype = "float32", shapes } = parts;
  const { features, target } = data.validation!;
  const [n, context] = features.shape as [number, number];
  const rows = Math.min(n, WINDOWS);
  const program: EvalStep = evalStep({
    model,
    optimizer,
    dtype,
    backend,
    measures: { loss },
    batch: shapes(rows),
  });
  const { x, y } = program.inputs;
  for (let i = 0; i < rows; i++) {
    const at = Math.floor((i * n) / rows);
    x!.set(features.data.subarray(at, at + context), i * context);
    y!.set(target.data.subarray(at, at + context), i * context);
  }
  return () => {
    program.load(run.built().step.state);
    return program.run()["loss"]!;
  };
}

const opened = (): Session => {
  if (session === undefined) throw new Error("there is no run yet");
  return session;
};

function stateOf(s: Session): State {
  const k = s.losses.length;
  return {
    k,
    total: s.built.totalSteps,
    losses: Float64Array.from(s.losses),
    averaged: Float64Array.from(debiasedEma(s.losses, SMOOTH)),
    norms: Float64Array.from(s.norms),
    rates: Float64Array.from(s.rates),
    evaluations: [...s.evaluations],
    samples: s.samples,
    mute: s.mute,
    stepsPerSecond: s.seconds > 0 ? s.steps / s.seconds : null,
    lr: s.rate.lrAt(Math.min(k, s.built.totalSteps - 1)),
    changes: s.changes,
    finite: k === 0 || Number.isFinite(s.losses[k - 1]),
    alerts: s.doctor.alerts(),
    headline: s.headline,
  };
}

function evaluate(s: Session): void {
  const step = s.run.settled();
  if (s.evaluations.at(-1)?.step !== step) s.evaluations.push({ step, loss: s.unseen() });
}

/** Writes a sample of the model as it is; one of the same step and wish is there already. */
function sample(s: Session): void {
  const step = s.run.settled();
  if (step > 0 && !Number.isFinite(s.losses[step - 1])) return;
  s.mute = null;
  const { prompt, temperature } = wish;
  try {
    const { seed } = s.built.spec;
    const text = s.writer.write({ prompt, temperature, length: LENGTH, seed });
    const before = s.samples.filter((other) => other.step !== step);
    s.samples = [...before, { step, prompt, temperature, text }].slice(-MAX_SAMPLES);
  } catch (error) {
    if (!(error instanceof SteepestError)) throw error;
    s.mute = error.message;
  }
}

/** Samples from now on; of a run that is open one at once. */
export function setWish(next: Wish): State | null {
  wish = next;
  if (session === undefined) return null;
  sample(session);
  return stateOf(session);
}

/** From the next step on; null while no run is open. */
export function setRate(lr: number): State | null {
  const s = session;
  if (s === undefined) return null;
  const k = s.run.sent();
  s.changes = [...s.changes.filter(([step]) => step < k), [k, lr]];
  s.rate = rateAt(s.built, lr);
  return stateOf(s);
}

/** Steps for a slice of time: up to `end`, or to numbers that are no numbers. */
async function slice(s: Session, end: number): Promise<void> {
  const began = performance.now();
  const hyperOf = (k: number): [number] => {
    const change = s.changes.find(([step]) => step === k);
    if (change !== undefined) s.rate = rateAt(s.built, change[1]);
    const lr = s.rate.lrAt(k);
    s.rates.push(lr);
    return [lr];
  };
  do {
    for (const { loss, gradNorm } of await s.run.burst(end, hyperOf)) {
      s.losses.push(loss);
      s.norms.push(gradNorm);
      if (!Number.isFinite(loss)) break;
    }
    s.rates.length = s.losses.length;
  } while (s.losses.length < end && Number.isFinite(s.losses.at(-1)) && performance.now() - began < SLICE);
}

/** Trains until step `to` or until told to stop; another run that is opened meanwhile ends this one. */
export function go(to: number, report: Report<State>): Promise<State> {
  const s = opened();
  const going = trainTo(s, to, report);
  s.going = going.catch(() => undefined);
  return going;
}

async function trainTo(s: Session, to: number, report: Report<State>): Promise<State> {
  const { built } = s;
  const end = Math.min(to, built.totalSteps);
  const every = Math.max(1, Math.round(built.totalSteps / EVALUATIONS));
  s.headline = null;
  let reported = performance.now();
  while (s.losses.length < end && session === s) {
    const [began, before] = [performance.now(), s.losses.length];
    await slice(s, Math.min(end, every * (Math.floor(before / every) + 1)));
    const now = performance.now();
    s.seconds += (now - began) / 1000;
    s.steps += s.losses.length - before;
    const finite = Number.isFinite(s.losses.at(-1));
    const due = s.losses.length % every === 0;
    const rested = now - reported > REST || !finite;
    if (due || rested) await s.run.settle();
    if (finite && due) evaluate(s);
    if (rested) {
      s.doctor.check(s);
      sample(s);
      reported = performance.now();
    }
    if (!(await report(stateOf(s))) || !finite) break;
  }
  await s.run.settle();
  if (Number.isFinite(s.losses.at(-1) ?? 0)) evaluate(s);
  sample(s);
  s.doctor.check(s);
  if (s.losses.length >= MIN_STEPS) s.headline = s.doctor.headline(s);
  return stateOf(s);
}

/** Where it looks while it reads the end of a text; null while no run is open. */
export const attention = (text: string): Attention | null => session?.writer.attention(text) ?? null;

/** Takes a text of the reader's for `text: "own"`. */
export const bringText = async (file: Blob): Promise<void> =>
  setOwn(new Uint8Array(await file.arrayBuffer()));

/** Sizes of a model in a file; null where the file does not say them. */
export interface Sizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly context: number;
}

/** Keeps weights for runs that start from them. Throws for a file that is none, and for weights of another kind of model. */
export async function bringWeights(name: string, file: Blob): Promise<Sizes | null> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const described = decodeSafeTensors(bytes, name).metadata["model"] !== undefined;
  const run = described ? await loadRun(bytes, { where: name }) : null;
  const sizes = run && sizesOf(run, name);
  kept = { name, bytes, model: run && { ...run.spec.model } };
  return sizes;
}

function sizesOf({ spec: { model, input } }: Awaited<ReturnType<typeof loadRun>>, where: string): Sizes {
  if (!("kind" in model) || model.kind !== "transformer" || input.kind !== "text") {
    throw new SteepestError("init-weights", "these are not the weights of a transformer on text", {
      where,
      help: "choose weights that this room saved, or a checkpoint of a run such as examples/text.yaml",
    });
  }
  const { layers, width, heads } = model;
  return { layers, width, heads, context: input.context };
}

/** The weights as they are, as a checkpoint that the command line takes. */
export function weights(): Uint8Array {
  const { built, run, losses } = opened();
  const step = run.settled();
  const { plan, spec } = built;
  return encodeCheckpoint(
    run.built().step.state,
    {
      step,
      seed: spec.seed,
      epochLoss: [0, 0],
      lastLoss: losses[step - 1] ?? null,
      best: null,
      metricsBytes: 0,
      schedule: null,
      position: {
        epoch: Math.floor(step / plan.stepsPerEpoch) + 1,
        row: (step % plan.stepsPerEpoch) * plan.batchSize,
      },
    },
    { model: modelRecord(built) },
  );
}

/** The text that it trains on, to take away. */
export const textOf = async (text: Asked["text"]): Promise<Uint8Array> => bytesOf(text);
