/** A run in the worker that the page steers: begun, paused, given another rate, gone on with; the address follows. */
import { untrack } from "svelte";
import { explain, type Problem, type Report, reportTo } from "./engine.ts";
import { currentPlace } from "./place.svelte.ts";
import { type RateChange, readRates, writeRates } from "./rates.ts";

/** What every such run says of itself. */
export interface Steered {
  /** Steps made. */
  readonly k: number;
  readonly total: number;
  readonly finite: boolean;
  readonly changes: readonly RateChange<string>[];
}

/** How it goes on: `watched` at the pace of a room that has one, else as fast as it goes. */
export interface How {
  readonly watched: boolean;
}

/** A: settings of a run, F: what is known of it at once, S: what it has become, L: what it takes under way. */
interface Options<A, F, S extends Steered, L, Optimizer extends string> {
  /** The settings of a new run. */
  readonly asked: () => A;
  /** What of them makes it another run; everything where it is not given. */
  readonly keyOf?: (asked: A) => object;
  /** The address's part: steps made, rates, the rate of the control, and steps of a new run. */
  readonly values: { k: number; rates: string; lr: number; steps: number };
  /** Optimizers that the address's rates may name. */
  readonly optimizers?: readonly Optimizer[];
  /** False: there is nothing to train yet. */
  readonly ready?: () => boolean;
  readonly open: (asked: A, changes: readonly RateChange<Optimizer>[]) => Promise<{ facts: F; state: S }>;
  readonly go: (to: number, report: Report<S>, how: How) => Promise<S>;
  /** What the run takes as it is, as the controls have it, and the call that hands it over. */
  readonly live: () => L;
  readonly steer: (live: L) => Promise<S | null>;
  /** Steps that it makes by itself when the room opens: one pass, which the address does not see. */
  readonly firstPass: number;
  /** The run has come to rest, or was steered at rest. `turn`: the how-manieth run of the page. */
  readonly onSettle?: (state: S, asked: A, turn: number) => void;
}

export interface SteeredRun<F, S> {
  readonly facts: F | null;
  readonly state: S | null;
  readonly running: boolean;
  readonly problem: Problem | null;
  /** The settings are no longer those that the run was begun with, and it has made steps. */
  readonly outdated: boolean;
  readonly ended: boolean;
  readonly pause: () => void;
  /** Goes on, or begins anew where the run has ended. */
  readonly train: () => void;
  readonly oneStep: () => void;
  /** Trained to step `to`, 0 by default. */
  readonly newRun: (to?: number) => void;
  /** Takes what the run is after a call of another kind; null changes nothing. */
  readonly hear: (answer: Promise<S | null>) => void;
}

/** What the page sees of it. */
interface Shown<F, S> {
  readonly facts: F | null;
  readonly state: S | null;
  readonly running: boolean;
  readonly problem: Problem | null;
  /** The settings that it was begun with. */
  readonly begunFor: string;
  /** Nobody has touched the run: other settings begin another one. */
  readonly untouched: boolean;
}

interface Page<F, S> {
  readonly shown: () => Shown<F, S>;
  readonly show: (changes: Partial<Shown<F, S>>) => void;
  /** What makes the settings those of another run, as one text. */
  readonly key: () => string;
}

/** ms that settings must rest before they begin a run: a step is compiled for it. */
const REST = 250;
const FAST: How = { watched: false };
const WATCHED: How = { watched: true };

interface Controls<S> {
  readonly begin: (to: number, how?: How) => Promise<void>;
  readonly goOn: (to: number, how: How) => Promise<void>;
  /** Hands what the run takes as it is to it, where that is something new. */
  readonly tell: () => void;
  readonly hear: (answer: Promise<S | null>) => void;
  readonly stop: () => void;
  /** Steps made that the address was told last. */
  readonly kTold: () => number;
}

/** What can be done with a run. */
function controlsOf<A, F, S extends Steered, L, Optimizer extends string>(
  options: Options<A, F, S, L, Optimizer>,
  { shown, show, key }: Page<F, S>,
): Controls<S> {
  const { asked, values: v, live, firstPass } = options;
  let stop = new AbortController();
  /** Which beginning an answer belongs to: those of an abandoned run are not shown. */
  let turn = 0;
  /** What the run in view was begun with; null while another one is opened. */
  let ran: A | null = null;
  /** What the worker and the address were told last. */
  let [told, kTold] = ["", Number.NaN];

  async function begin(to: number, how: How = FAST): Promise<void> {
    const mine = ++turn;
    stop.abort();
    show({ running: to > 0, problem: null, begunFor: key() });
    const given = asked();
    ran = null;
    [told, kTold] = [JSON.stringify(live()), v.k];
    try {
      const opened = await options.open(given, readRates(v.rates, options.optimizers) ?? [[0, v.lr]]);
      if (mine !== turn) return;
      show(opened);
      ran = given;
      tell();
      if (to > 0) await goOn(to, how);
      else if (shown().untouched) await goOn(firstPass, WATCHED);
    } catch (error) {
      if (mine === turn) show({ problem: explain(error), running: false, facts: null, state: null });
    }
  }

  async function goOn(to: number, how: How): Promise<void> {
    const mine = turn;
    stop = new AbortController();
    show({ running: true });
    const arrived = (now: S): void => {
      if (mine === turn) show({ state: now });
    };
    try {
      arrived(await options.go(to, reportTo(arrived, stop.signal), how));
    } catch (error) {
      if (mine === turn) show({ problem: explain(error) });
    }
    if (mine !== turn) return;
    show({ running: false });
    settle();
  }

  /** The address says what the run has become. */
  function settle(): void {
    const { state, untouched } = shown();
    if (state === null || ran === null || untouched) return;
    v.k = kTold = state.k;
    v.rates = writeRates(state.changes);
    options.onSettle?.(state, ran, turn);
  }

  function tell(): void {
    const now = JSON.stringify(live());
    if (ran === null || now === told) return;
    told = now;
    hear(options.steer(live()));
  }

  function hear(answer: Promise<S | null>): void {
    const mine = turn;
    void answer.then(
      (now) => {
        if (mine !== turn || now === null) return;
        show({ state: now });
        if (!shown().running) settle();
      },
      (error) => show({ problem: explain(error) }),
    );
  }

  return { begin, goOn, tell, hear, kTold: () => kTold, stop: () => stop.abort() };
}

/** The run follows the controls and the address. `stale`: settings that are at rest begin another one. */
function followControls<A, F, S extends Steered, L, Optimizer extends string>(
  { values: v, live, ready = () => true }: Options<A, F, S, L, Optimizer>,
  run: Controls<S>,
  { key, stale }: { readonly key: () => string; readonly stale: () => boolean },
): void {
  // a new rate goes to the run as it is
  $effect(() => {
    void live();
    untrack(run.tell);
  });
  // an address that asks for other steps than those made; other settings of a run that nobody has touched or begun
  $effect(() => {
    if (!ready()) return;
    const to = v.k;
    void key();
    if (to !== run.kTold()) untrack(() => void run.begin(to));
    else if (stale()) {
      const timer = setTimeout(() => void run.begin(0), REST);
      return () => clearTimeout(timer);
    }
    return;
  });
  $effect(() => run.stop);
}

/** Call while a component is set up. */
export function steerRun<A, F, S extends Steered, L, Optimizer extends string = never>(
  options: Options<A, F, S, L, Optimizer>,
): SteeredRun<F, S> {
  const { asked, values: v, keyOf = (asked) => asked as object } = options;
  const key = (): string => JSON.stringify(keyOf(asked()));
  let shown = $state.raw<Shown<F, S>>({
    facts: null,
    state: null,
    running: false,
    problem: null,
    begunFor: "",
    untouched: !currentPlace().query.has("k"),
  });
  const show = (changes: Partial<Shown<F, S>>): void => {
    shown = { ...shown, ...changes };
  };
  const run = controlsOf(options, { shown: () => shown, show, key });
  // a value of its own: what asks whether it runs does not ask again with every step
  const running = $derived(shown.running);
  const made = $derived(shown.state?.k ?? 0);
  const outdated = $derived(shown.begunFor !== "" && shown.begunFor !== key());
  const ended = $derived(shown.state !== null && (made >= shown.state.total || !shown.state.finite));
  const free = $derived(shown.untouched || (made === 0 && !running));

  function newRun(to = 0): void {
    show({ untouched: false });
    v.rates = "";
    v.k = 0;
    void run.begin(to, WATCHED);
  }
  function goOn(to: number, how: How): void {
    show({ untouched: false });
    void run.goOn(to, how);
  }

  followControls(options, run, { key, stale: () => outdated && free });

  return {
    get facts() {
      return shown.facts;
    },
    get state() {
      return shown.state;
    },
    get running() {
      return running;
    },
    get problem() {
      return shown.problem;
    },
    get outdated() {
      return outdated && made > 0;
    },
    get ended() {
      return ended;
    },
    pause: () => {
      show({ untouched: false });
      run.stop();
    },
    train: () => {
      if (shown.state === null) return;
      if (ended || (outdated && made === 0)) newRun(v.steps);
      else goOn(shown.state.total, WATCHED);
    },
    oneStep: () => {
      if (shown.state !== null && !ended) goOn(made + 1, FAST);
    },
    newRun,
    hear: run.hear,
  };
}
