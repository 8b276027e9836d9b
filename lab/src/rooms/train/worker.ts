/** A run on real digits that can be watched, paused and steered, and the guide's advice put to the test. */

import { wasm } from "steepest/engine";
import { type LearningRate, learningRateFromSpec } from "steepest/optim/schedules";
import { type Chart, debiasedEma, lossByRateChart } from "steepest/plot";
import { parseRun } from "steepest/run";
import { type BuiltRun, buildRun } from "steepest/train";
import {
  type Advice,
  advise,
  agreement,
  compare,
  judge,
  parseContestants,
  ratePlan,
  runCell,
  type Summary,
} from "steepest/tune";
import { digitsHost } from "../../lib/digits.ts";
import type { Report } from "../../lib/engine.ts";
import { type Guesses, guesses, type Tally } from "./guesses.ts";
import { type Asked, type RateChange, runFile } from "./run-file.ts";

export interface Facts {
  readonly parameters: number;
  readonly rows: number;
  readonly stepsPerEpoch: number;
  readonly advice: Advice;
}

/** What there is to see of the run. */
export interface State {
  /** Steps made. */
  readonly k: number;
  readonly total: number;
  readonly losses: Float64Array;
  readonly averaged: Float64Array;
  /** At equal distances, and at the end. */
  readonly history: readonly { readonly step: number; readonly loss: number; readonly accuracy: number }[];
  /** Of the network as it is now, or was at the last look. */
  readonly tally: Tally & { readonly step: number };
  /** Null before the first steps. */
  readonly stepsPerSecond: number | null;
  /** What the next step would use, as the schedule has it. */
  readonly lr: number;
  readonly changes: readonly RateChange[];
  readonly finite: boolean;
}

interface Session {
  readonly built: BuiltRun;
  readonly guess: Guesses;
  changes: RateChange[];
  rate: LearningRate;
  readonly losses: number[];
  readonly history: State["history"][number][];
  tally: State["tally"];
  steps: number;
  seconds: number;
}

let session: Session | undefined;
const RECORDS = 25;
const SMOOTH = 0.9;
/** Milliseconds of steps between two reports. */
const SLICE = 50;

function rateAt({ spec, totalSteps, plan }: BuiltRun, lr: number): LearningRate {
  const rate = learningRateFromSpec(spec.schedule, lr, { totalSteps, stepsPerEpoch: plan.stepsPerEpoch });
  if (rate.followsMetric) throw new Error("this room has no schedule that follows a metric");
  return rate;
}

/** A new run, at its start. Of rates given for later steps each takes over when its step comes. */
export async function open(
  asked: Asked,
  changes: readonly RateChange[],
): Promise<{ facts: Facts; state: State }> {
  const lr = changes[0]![1];
  const built = await buildRun(parseRun(runFile(asked, lr)), { host: digitsHost, backend: wasm });
  const guess = guesses(built, wasm);
  const tally = { ...guess.tally(), step: 0 };
  session = {
    built,
    guess,
    changes: [...changes],
    rate: rateAt(built, lr),
    losses: [],
    history: [{ step: 0, loss: tally.loss, accuracy: tally.accuracy }],
    tally,
    steps: 0,
    seconds: 0,
  };
  const { parameters, plan } = built;
  const advice = advise({ run: built.spec, batchSize: plan.batchSize });
  return {
    facts: { parameters, rows: plan.n, stepsPerEpoch: plan.stepsPerEpoch, advice },
    state: stateOf(session),
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
    history: [...s.history],
    tally: s.tally,
    stepsPerSecond: s.seconds > 0 ? s.steps / s.seconds : null,
    lr: s.rate.lrAt(Math.min(k, s.built.totalSteps - 1)),
    changes: s.changes,
    finite: k === 0 || Number.isFinite(s.losses[k - 1]),
  };
}

/** From the next step on. */
export function setRate(lr: number): State {
  const s = opened();
  const k = s.losses.length;
  s.changes = [...s.changes.filter(([step]) => step < k), [k, lr]];
  s.rate = rateAt(s.built, lr);
  return stateOf(s);
}

/** Trains until step `to` or until told to stop; another run that is opened meanwhile ends this one. */
export async function go(to: number, report: Report<State>): Promise<State> {
  const s = opened();
  const { built } = s;
  const end = Math.min(to, built.totalSteps);
  const every = Math.max(1, Math.round(built.totalSteps / RECORDS));
  const look = (): void => {
    const step = s.losses.length;
    if (s.tally.step !== step) s.tally = { ...s.guess.tally(), step };
    const regular = step % every === 0 || step === built.totalSteps;
    if (regular && s.history.at(-1)!.step !== step) {
      s.history.push({ step, loss: s.tally.loss, accuracy: s.tally.accuracy });
    }
  };
  while (s.losses.length < end && session === s) {
    const began = performance.now();
    const before = s.losses.length;
    while (s.losses.length < end && performance.now() - began < SLICE) {
      const k = s.losses.length;
      const change = s.changes.find(([step]) => step === k);
      if (change !== undefined) s.rate = rateAt(built, change[1]);
      const { loss } = built.advance(k, s.rate.lrAt(k));
      s.losses.push(loss);
      if (!Number.isFinite(loss) || (k + 1) % every === 0) break;
    }
    s.seconds += (performance.now() - began) / 1000;
    s.steps += s.losses.length - before;
    const finite = Number.isFinite(s.losses.at(-1));
    if (s.losses.length % every === 0 || !finite) look();
    if (!(await report(stateOf(s))) || !finite) break;
  }
  look();
  return stateOf(s);
}

export interface Guess {
  readonly pixels: Float32Array;
  readonly probabilities: readonly number[];
  /** Null for a drawing. */
  readonly label: number | null;
}

export const guessDrawing = (pixels: Float32Array): Guess => ({
  pixels,
  probabilities: opened().guess.probabilities(pixels),
  label: null,
});

export function guessUnseen(digit: number): Guess {
  const { built, guess } = opened();
  const { features, target } = built.data.test!;
  const pixels = Float32Array.from(features.data.subarray(digit * 784, (digit + 1) * 784));
  return { pixels, probabilities: guess.probabilities(pixels), label: target.data[digit]! };
}

/** The next unseen digit that is taken for another, of the kinds asked for ("any" or a digit). Null: there is none. */
export function nextMistake(after: number, is: string, as: string): number | null {
  const { built } = opened();
  const n = built.data.test!.features.shape[0]!;
  for (let i = 1; i <= n; i++) {
    const digit = (after + i) % n;
    const { label, probabilities } = guessUnseen(digit);
    const taken = probabilities.indexOf(Math.max(...probabilities));
    const wanted = (is === "any" || Number(is) === label) && (as === "any" || Number(as) === taken);
    if (wanted && taken !== label) return digit;
  }
  return null;
}

export interface Compared {
  readonly summary: Summary;
  readonly chart: Chart;
  readonly advice: Advice;
  readonly measured: ReturnType<typeof agreement>;
  readonly cells: number;
  /** Of each run. */
  readonly steps: number;
  readonly seconds: number;
}

const CONTESTANTS = "sgd,sgd:momentum=0.9,adam";
const RATES = "0.001,0.005,0.02,0.1,0.5";

/** Each optimizer at each rate with each seed, ranked by its loss on digits held out; null: stopped. */
export async function tryGuide(
  asked: Asked,
  seeds: number,
  report: Report<{ readonly done: number; readonly expected: number }>,
): Promise<Compared | null> {
  const run = parseRun({ ...runFile(asked, 0.1), validation: 0.1 });
  const began = performance.now();
  const stop = new AbortController();
  const { signal } = stop;
  let told = { done: 0, expected: 1 };
  let queue: Promise<unknown> = Promise.resolve();
  const clock = {
    now: () => performance.now(),
    pause: async () => {
      if (!(await report(told))) stop.abort();
    },
  };
  const tools = { host: digitsHost, backend: wasm, clock, signal };
  const summary = await compare(
    {
      run,
      contestants: parseContestants(CONTESTANTS, { name: "none" }),
      seeds: Array.from({ length: seeds }, (_, i) => asked.seed + i),
      plan: ratePlan({ rates: RATES }),
    },
    {
      // one at a time: there is one worker
      runCell: (cell) => {
        const next = queue.then(() => (signal.aborted ? null : runCell(cell, tools)));
        queue = next.catch(() => {});
        return next;
      },
      signal,
      onProgress: ({ done, expected }) => (told = { done, expected }),
    },
  );
  if (summary === null) return null;
  const advice = advise({ run, batchSize: asked.batch });
  const of = (label: string) => summary.contestants.find((c) => c.label === label);
  const chart = lossByRateChart(
    {
      title: "Which rates work, by optimizer",
      lossLabel: "loss on digits held out",
      rows: summary.contestants.map(({ label, rates }) => ({
        label,
        cells: rates.map(({ lr, final }) => ({ lr, loss: final })),
      })),
    },
    { start: summary.start },
  );
  return {
    summary,
    chart,
    advice,
    measured: agreement(
      advice,
      summary.contestants,
      (first, other) => judge(of(first), of(other))?.clear ?? null,
    ),
    cells: told.done,
    steps: asked.steps,
    seconds: (performance.now() - began) / 1000,
  };
}
