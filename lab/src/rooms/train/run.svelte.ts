/** The run as the page knows it: begun, paced, steered, stopped; the address says what it has become. */
import { type Calls, explain, type Problem, reportTo } from "../../lib/engine.ts";
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

/** What decides whether a run is another one: the optimizer can change under way. */
const keyOf = ({ optimizer: _, ...asked }: Asked): string =>
  JSON.stringify(asked.model === "cnn" ? { ...asked, hidden: 0 } : asked);

/** Call while the room is set up. */
export function openRun({ values: v, worker, file }: Options) {
  const asked = $derived<Asked>({
    data: v.data,
    ...(v.data === "csv" && { file: file() ?? "", target: v.target }),
    model: v.data !== "digits" && v.model === "cnn" ? "mlp" : v.model,
    hidden: v.hidden,
    optimizer: v.optimizer,
    schedule: v.schedule,
    batch: v.batch,
    steps: v.steps,
    seed: v.seed,
  });
  let facts = $state.raw<Facts | null>(null);
  let state = $state.raw<State | null>(null);
  let problem = $state.raw<Problem | null>(null);
  let running = $state(false);
  let watched = $state(false);
  let runFor = $state("");
  let history = $state.raw<readonly Made[]>([]);
  let ran: Asked | null = null;
  let stop = new AbortController();
  /** Which beginning the answers belong to: those of an abandoned run are not shown. */
  let turn = 0;
  /** What the worker and the address were told last. */
  let told = { settings: "", k: Number.NaN };
  const settings = (): string => `${v.lr} ${v.optimizer}`;
  const waiting = $derived(v.data === "csv" && file() === null);
  const outdated = $derived(runFor !== keyOf(asked));
  const ended = $derived(state !== null && (state.k >= state.total || !state.finite));
  $effect(() => () => stop.abort());

  function tellPace(): void {
    const full = !watched || v.pace === "full" || prefersStill();
    void worker.setPace(full ? null : Number(v.pace));
  }

  /** A new run with the present settings, trained to step `to`. */
  async function begin(to: number, how: How = { watched: false }): Promise<void> {
    const mine = ++turn;
    stop.abort();
    [running, problem] = [to > 0, null];
    const given = $state.snapshot(asked) as Asked;
    runFor = keyOf(given);
    const changes: readonly Change[] = (v.rates === "" ? null : readChanges(v.rates)) ?? [[0, v.lr]];
    told = { settings: settings(), k: v.k };
    try {
      const opened = await worker.open(given, changes);
      if (mine !== turn) return;
      [facts, state, ran] = [opened.facts, opened.state, given];
      if (to > 0) await goOn(to, how);
      else steer();
    } catch (error) {
      if (mine === turn) [problem, running, state] = [explain(error), false, null];
    }
  }

  async function goOn(to: number, how: How = { watched: true }): Promise<void> {
    const mine = turn;
    stop = new AbortController();
    [running, watched] = [true, how.watched];
    const arrived = (next: State): void => {
      if (mine === turn) state = next;
    };
    try {
      tellPace();
      arrived(await worker.go(to, reportTo(arrived, stop.signal)));
    } catch (error) {
      if (mine === turn) problem = explain(error);
    }
    if (mine !== turn) return;
    running = false;
    settle();
  }

  /** The address says what the run has become, and the list of runs remembers it. */
  function settle(): void {
    if (state === null) return;
    if (state.k > 0 && ran !== null) {
      const made: Made = {
        ...ran,
        optimizer: state.optimizer,
        turn,
        lr: state.changes.map(([, lr]) => lr),
        k: state.k,
        accuracy: state.tally.accuracy,
        speed: state.stepsPerSecond,
      };
      history = [...history.filter((m) => m.turn !== turn), made];
    }
    v.k = told.k = state.k;
    v.rates = writeRates(state.changes);
  }

  function steer(): void {
    if (state === null || settings() === told.settings) return;
    const mine = turn;
    told.settings = settings();
    void worker.steer(v.lr, v.optimizer).then(
      (next) => {
        if (mine !== turn) return;
        state = next;
        if (!running) settle();
      },
      (error) => (problem = explain(error)),
    );
  }

  function newRun(to: number): void {
    [v.rates, v.k] = ["", 0];
    void begin(to, { watched: true });
  }

  // a new rate or optimizer goes to the run as it is; another network before the first step is another beginning
  $effect(() => {
    void [v.lr, v.optimizer];
    steer();
  });
  $effect(() => {
    if (running) tellPace();
  });
  $effect(() => {
    if (waiting) return;
    // an address that asks for other steps than those made
    if (v.k !== told.k) void begin(v.k);
    else if (outdated && (state === null || state.k === 0) && !running) void begin(0);
  });

  return {
    get asked() {
      return asked;
    },
    get facts() {
      return facts;
    },
    get state() {
      return state;
    },
    get problem() {
      return problem;
    },
    get running() {
      return running;
    },
    get outdated() {
      return outdated && state !== null && state.k > 0;
    },
    get ended() {
      return ended;
    },
    get history() {
      return history;
    },
    /** There is no table yet. */
    get waiting() {
      return waiting;
    },
    train: (): void => {
      if (state === null || ended || (outdated && state.k === 0)) newRun(v.steps);
      else void goOn(state.total);
    },
    oneStep: (): void => {
      if (state !== null && !ended) void goOn(state.k + 1, { watched: false });
    },
    pause: (): void => stop.abort(),
    newRun,
    restart: (): void => {
      told.k = 0;
      void begin(0);
    },
  };
}

export type Run = ReturnType<typeof openRun>;
