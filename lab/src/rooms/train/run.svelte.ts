/** The run as the page knows it: begun, paced, steered, stopped; the address says what it has become. */
import { type Calls, explain, type Problem, reportTo } from "../../lib/engine.ts";
import { currentPlace } from "../../lib/place.svelte.ts";
import { writeRates } from "../../lib/rates.ts";
import { prefersStill } from "../../lib/theme.svelte.ts";
import type { Values } from "../../lib/view.svelte.ts";
import { type Asked, type Change, readChanges } from "./run-file.ts";
import type { fields } from "./view.ts";
import type { Facts, State } from "./worker.ts";

interface Options {
  readonly values: Values<typeof fields>;
  readonly worker: Calls<typeof import("./worker.ts")>;
  /** The reader's own table; null: there is none. */
  readonly file: () => string | null;
}

/** Steps that it makes by itself when the room opens: one pass, which the address does not see. */
const FIRST_PASS = 60;

/** `watched`: at the pace asked for; else as fast as it goes. */
interface How {
  readonly watched: boolean;
}

/** A run as far as it went, for the list of runs. */
export interface Made extends Asked {
  readonly turn: number;
  /** One after the other. */
  readonly lr: readonly number[];
  readonly k: number;
  readonly accuracy: number;
  readonly speed: number | null;
}

interface Cell<T> {
  now: T;
}

/** A reactive value that functions can share. */
function cell<T>(first: T): Cell<T> {
  let value = $state.raw(first);
  return {
    get now() {
      return value;
    },
    set now(next) {
      value = next;
    },
  };
}

interface Parts extends Pick<Options, "values" | "worker"> {
  readonly asked: () => Asked;
  readonly facts: Cell<Facts | null>;
  readonly state: Cell<State | null>;
  readonly problem: Cell<Problem | null>;
  readonly running: Cell<boolean>;
  readonly watched: Cell<boolean>;
  /** What the run in view, or the one that is opened, was asked for. */
  readonly runFor: Cell<string>;
  readonly history: Cell<readonly Made[]>;
  ran: Asked | null;
  /** Nobody has touched the run: other settings begin another one, and the address does not know of it. */
  untouched: boolean;
  stop: AbortController;
  /** Which beginning the answers belong to: those of an abandoned run are not shown. */
  turn: number;
  /** What the worker and the address were told last. */
  told: { settings: string; k: number };
}

/** What decides whether a run is another one: the optimizer can change under way. */
const keyOf = ({ optimizer: _, ...asked }: Asked): string =>
  JSON.stringify(asked.model === "cnn" ? { ...asked, hidden: 0 } : asked);

const settingsOf = ({ lr, optimizer }: Options["values"]): string => `${lr} ${optimizer}`;

function askedOf(v: Options["values"], file: string | null): Asked {
  return {
    data: v.data,
    ...(v.data === "csv" && { file: file ?? "", target: v.target }),
    model: v.data !== "digits" && v.model === "cnn" ? "mlp" : v.model,
    hidden: v.hidden,
    optimizer: v.optimizer,
    schedule: v.schedule,
    batch: v.batch,
    steps: v.steps,
    seed: v.seed,
  };
}

function tellPace({ values, worker, watched }: Parts): void {
  const full = !watched.now || values.pace === "full" || prefersStill();
  void worker.setPace(full ? null : Number(values.pace));
}

/** A new run with the present settings, trained to step `to`. */
async function begin(p: Parts, to: number, how: How = { watched: false }): Promise<void> {
  const { values: v } = p;
  const mine = ++p.turn;
  p.stop.abort();
  [p.running.now, p.problem.now] = [to > 0, null];
  const given = p.asked();
  p.runFor.now = keyOf(given);
  const changes: readonly Change[] = (v.rates === "" ? null : readChanges(v.rates)) ?? [[0, v.lr]];
  p.told = { settings: settingsOf(v), k: v.k };
  try {
    const opened = await p.worker.open(given, changes);
    if (mine !== p.turn) return;
    [p.facts.now, p.state.now, p.ran] = [opened.facts, opened.state, given];
    if (to > 0) await goOn(p, to, how);
    else {
      steer(p);
      if (p.untouched) await goOn(p, FIRST_PASS, { watched: true });
    }
  } catch (error) {
    if (mine === p.turn) [p.problem.now, p.running.now, p.state.now] = [explain(error), false, null];
  }
}

async function goOn(p: Parts, to: number, { watched }: How): Promise<void> {
  const mine = p.turn;
  p.stop = new AbortController();
  [p.running.now, p.watched.now] = [true, watched];
  const arrived = (next: State): void => {
    if (mine === p.turn) p.state.now = next;
  };
  try {
    tellPace(p);
    arrived(await p.worker.go(to, reportTo(arrived, p.stop.signal)));
  } catch (error) {
    if (mine === p.turn) p.problem.now = explain(error);
  }
  if (mine !== p.turn) return;
  p.running.now = false;
  settle(p);
}

/** The address says what the run has become, and the list of runs remembers it. */
function settle(p: Parts): void {
  const state = p.state.now;
  if (state === null || p.untouched) return;
  if (state.k > 0 && p.ran !== null) {
    const made: Made = {
      ...p.ran,
      optimizer: state.optimizer,
      turn: p.turn,
      lr: state.changes.map(([, lr]) => lr),
      k: state.k,
      accuracy: state.tally.accuracy,
      speed: state.stepsPerSecond,
    };
    p.history.now = [...p.history.now.filter((m) => m.turn !== p.turn), made];
  }
  p.values.k = p.told.k = state.k;
  p.values.rates = writeRates(state.changes);
}

/** A new rate or optimizer goes to the run as it is. */
function steer(p: Parts): void {
  const settings = settingsOf(p.values);
  if (p.state.now === null || settings === p.told.settings) return;
  const mine = p.turn;
  p.told.settings = settings;
  void p.worker.steer(p.values.lr, p.values.optimizer).then(
    (next) => {
      if (mine !== p.turn) return;
      p.state.now = next;
      if (!p.running.now) settle(p);
    },
    (error) => (p.problem.now = explain(error)),
  );
}

function newRun(p: Parts, to: number): void {
  p.untouched = false;
  [p.values.rates, p.values.k] = ["", 0];
  void begin(p, to, { watched: true });
}

/** Call while the room is set up. */
export function openRun({ values: v, worker, file }: Options) {
  const asked = $derived(askedOf(v, file()));
  const p: Parts = {
    values: v,
    worker,
    asked: () => asked,
    facts: cell<Facts | null>(null),
    state: cell<State | null>(null),
    problem: cell<Problem | null>(null),
    running: cell(false),
    watched: cell(false),
    runFor: cell(""),
    history: cell<readonly Made[]>([]),
    ran: null,
    untouched: !currentPlace().query.has("k") && !prefersStill(),
    stop: new AbortController(),
    turn: 0,
    told: { settings: "", k: Number.NaN },
  };
  const waiting = $derived(v.data === "csv" && file() === null);
  const outdated = $derived(p.runFor.now !== keyOf(asked));
  const ended = $derived(p.state.now !== null && (p.state.now.k >= p.state.now.total || !p.state.now.finite));
  $effect(() => () => p.stop.abort());
  $effect(() => steer(p));
  $effect(() => {
    if (p.running.now) tellPace(p);
  });
  $effect(() => {
    if (waiting) return;
    const fresh = (p.state.now === null || p.state.now.k === 0) && !p.running.now;
    // an address that asks for other steps than those made; another network before anybody has trained this one
    if (v.k !== p.told.k) void begin(p, v.k);
    else if (outdated && (fresh || p.untouched)) void begin(p, 0);
  });
  return {
    /** What the controls ask for, what the worker says, and what went wrong. */
    parts: p as Pick<Parts, "asked" | "facts" | "state" | "problem" | "running" | "history">,
    /** The controls ask for another run than the one in view. */
    outdated: () => outdated && p.state.now !== null && p.state.now.k > 0,
    ended: () => ended,
    /** There is no table yet. */
    waiting: () => waiting,
    train: (): void => {
      const { now } = p.state;
      p.untouched = false;
      if (now === null || ended || (outdated && now.k === 0)) newRun(p, v.steps);
      else void goOn(p, now.total, { watched: true });
    },
    oneStep: (): void => {
      const { now } = p.state;
      p.untouched = false;
      if (now !== null && !ended) void goOn(p, now.k + 1, { watched: false });
    },
    pause: (): void => {
      p.untouched = false;
      p.stop.abort();
    },
    newRun: (to: number): void => newRun(p, to),
    restart: (): void => {
      p.told.k = 0;
      void begin(p, 0);
    },
  };
}

export type Run = ReturnType<typeof openRun>;
