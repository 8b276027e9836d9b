/**
 * A run whose results are taken later, so that a device may make its steps. Where the device goes, another run goes on from
 * the last good state: it makes the steps since then again, on the same batches at the same rates.
 */
import { SteepestError } from "../run/errors.ts";
import { type Clock, systemClock } from "../run/long-work.ts";
import type { BuiltRun } from "./build.ts";
import type { StepResult, StoredState } from "./program.ts";

/** Rate and momentum of a step. */
export type Hyper = readonly [lr: number, momentum?: number | undefined];

/** A run, built with `late`, that outlives the device which makes its steps. */
export interface LateRun {
  /** What makes the steps: after a device was lost, another run. `settle` brings the weights to the first one, too. */
  readonly built: () => BuiltRun;
  /** Steps that were sent. */
  readonly sent: () => number;
  /** Steps that the weights of `built().step.state` have made. */
  readonly settled: () => number;
  /** Sends the next step. */
  readonly advance: (lr: number, momentum?: number) => void;
  /** Waits for the steps sent and gives the results that were not taken yet, oldest first. */
  readonly results: () => Promise<readonly StepResult[]>;
  /**
   * Sends some steps, as many as a device makes between two frames of a page, one at least and up to step `until`, and waits
   * for their results. `hyperOf` gives rate and momentum of step k, from 0.
   */
  readonly burst: (until: number, hyperOf: (k: number) => Hyper) => Promise<readonly StepResult[]>;
  /** Waits for the steps sent and brings the weights. Send no step meanwhile. */
  readonly settle: () => Promise<void>;
}

/** How a late run begins. */
export interface LateOptions {
  /** Steps that the weights have made already. */
  readonly from?: number;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** Milliseconds of a burst: a page's frames are drawn by the same device, between bursts. */
const BURST = 8;
const MAX_STEPS = 1000;

/** `again` builds the same run where no device can be lost; it is called when one was. */
export function lateRun(
  first: BuiltRun,
  again: () => Promise<BuiltRun>,
  { from = 0, clock = systemClock }: LateOptions = {},
): LateRun {
  let built = first;
  let settled = from;
  /** The weights as they were then, where a device can lose them. */
  const good = first.step.state.map(({ name, values }) => ({ name, values: values.slice() }));
  /** Of the steps since then. */
  const since: Hyper[] = [];
  /** How many of them have given their results. */
  let known = 0;
  let ready: StepResult[] = [];
  const goOn = async (): Promise<void> => {
    built = await again();
    copyState(good, built.step.state);
    since.forEach((hyper, i) => {
      built.advance(settled + i, ...hyper);
    });
    ready.push(...(await built.step.results()).slice(known));
    known = since.length;
  };
  const collect = async (): Promise<void> => {
    const found = await built.step.results();
    ready.push(...found);
    known += found.length;
  };
  const orGoOn = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!isLost(error)) throw error;
      await goOn();
      await work();
    }
  };
  const sent = (): number => settled + since.length;
  const advance = (...hyper: Hyper): void => {
    const k = sent();
    if (since.length === 0 && built.step.executable.device !== undefined) copyState(built.step.state, good);
    since.push(hyper);
    try {
      built.advance(k, ...hyper);
    } catch (error) {
      if (!isLost(error)) throw error; // else it is made again when results are waited for
    }
  };
  const results = async (): Promise<readonly StepResult[]> => {
    await orGoOn(collect);
    const taken = ready;
    ready = [];
    return taken;
  };
  const settle = async (): Promise<void> => {
    if (since.length === 0) return;
    await orGoOn(async () => {
      await collect();
      await built.step.pull();
    });
    settled = sent();
    since.length = 0;
    known = 0;
    if (built !== first) copyState(built.step.state, first.step.state);
  };
  const run: Omit<LateRun, "burst"> = {
    built: () => built,
    sent,
    settled: () => settled,
    advance,
    results,
    settle,
  };
  return { ...run, burst: burstsOf(run, clock) };
}

function burstsOf(
  { built, sent, advance, results, settle }: Omit<LateRun, "burst">,
  clock: Clock,
): LateRun["burst"] {
  const pace = paceOf(clock);
  return async (until, hyperOf) => {
    const k = sent();
    const { sizeOf } = built().plan;
    // between batches of two sizes the weights move from one program to another
    if (k > 0 && sizeOf(k) !== sizeOf(k - 1)) await settle();
    const steps = pace.begin();
    do advance(...hyperOf(sent()));
    while (sent() < Math.min(until, k + steps) && sizeOf(sent()) === sizeOf(k));
    const found = await results();
    pace.made(sent() - k);
    return found;
  };
}

/** How many steps make a burst, by what the last ones took. */
function paceOf({ now }: Clock): { readonly begin: () => number; readonly made: (steps: number) => void } {
  let atOnce = 1;
  let began = 0;
  return {
    begin: () => {
      began = now();
      return atOnce;
    },
    made: (steps) => {
      const fitting = Math.round((steps * BURST) / Math.max(1e-3, now() - began));
      // few steps that were quick tell nothing of more
      if (fitting < atOnce || steps === atOnce)
        atOnce = Math.max(1, Math.min(2 * atOnce, fitting, MAX_STEPS));
    },
  };
}

function copyState(from: readonly StoredState[], to: readonly StoredState[]): void {
  const given = new Map(from.map(({ name, values }) => [name, values]));
  for (const { name, values } of to) values.set(given.get(name)!);
}

const isLost = (error: unknown): boolean => error instanceof SteepestError && error.id === "device-lost";
