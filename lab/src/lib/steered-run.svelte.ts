/** A run in the worker that the page steers: begun, paused, given another rate, gone on with; the address follows. */
import { untrack } from "svelte";
import { explain, type Problem, type Report, reportTo } from "./engine.ts";
import { currentPlace } from "./place.svelte.ts";
import { type RateChange, readRates, writeRates } from "./rates.ts";
import { prefersStill } from "./theme.svelte.ts";

/** What every such run says of itself. */
export interface Steered {
  /** Steps made. */
  readonly k: number;
  readonly total: number;
  readonly finite: boolean;
  readonly changes: readonly RateChange[];
}

interface Options<A, F, S extends Steered> {
  /** The settings of a new run. */
  readonly asked: () => A;
  /** The address's part: steps made, rates, and the rate of the control. */
  readonly values: { k: number; rates: string; lr: number };
  readonly open: (asked: A, changes: readonly RateChange[]) => Promise<{ facts: F; state: S }>;
  readonly go: (to: number, report: Report<S>) => Promise<S>;
  readonly setRate: (lr: number) => Promise<S | null>;
  /** Steps that it makes by itself when the room opens: one pass, which the address does not see. */
  readonly firstPass: number;
}

export interface SteeredRun<F, S> {
  readonly facts: F | null;
  readonly state: S | null;
  readonly running: boolean;
  readonly problem: Problem | null;
  /** The settings are no longer those that the run was begun with. */
  readonly outdated: boolean;
  readonly ended: boolean;
  readonly pause: () => void;
  /** Goes on, or begins anew where the run has ended. */
  readonly train: () => void;
  readonly newRun: () => void;
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
  /** The settings as they are, as one text. */
  readonly key: () => string;
}

/** ms that settings must rest before they begin a run: a step is compiled for it. */
const REST = 250;

interface Controls<S> {
  readonly begin: (to: number) => Promise<void>;
  readonly goOn: (to: number) => Promise<void>;
  readonly tellRate: () => void;
  readonly hear: (answer: Promise<S | null>) => void;
  readonly stop: () => void;
  /** Steps made that the address was told last. */
  readonly told: () => number;
}

/** What can be done with a run. */
function controlsOf<A, F, S extends Steered>(
  options: Options<A, F, S>,
  { shown, show, key }: Page<F, S>,
): Controls<S> {
  const { asked, values: v, firstPass } = options;
  let stop = new AbortController();
  /** Which beginning an answer belongs to: those of an abandoned run are not shown. */
  let turn = 0;
  /** What the worker and the address were told last. */
  let [rateTold, kTold] = [Number.NaN, Number.NaN];

  async function begin(to: number): Promise<void> {
    const mine = ++turn;
    stop.abort();
    show({ running: to > 0, problem: null, begunFor: key() });
    kTold = v.k;
    const changes = (v.rates === "" ? null : readRates(v.rates)) ?? [[0, v.lr] as const];
    try {
      const opened = await options.open(asked(), changes);
      if (mine !== turn) return;
      show(opened);
      rateTold = changes.at(-1)![1];
      if (to > 0) await goOn(to);
      else {
        tellRate();
        if (shown().untouched) await goOn(firstPass);
      }
    } catch (error) {
      if (mine === turn) show({ problem: explain(error), running: false, facts: null, state: null });
    }
  }

  async function goOn(to: number): Promise<void> {
    const mine = turn;
    stop = new AbortController();
    show({ running: true });
    const arrived = (now: S): void => {
      if (mine === turn) show({ state: now });
    };
    try {
      arrived(await options.go(to, reportTo(arrived, stop.signal)));
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
    if (state === null || untouched) return;
    v.k = kTold = state.k;
    v.rates = writeRates(state.changes);
  }

  function tellRate(): void {
    if (shown().state === null || v.lr === rateTold) return;
    rateTold = v.lr;
    hear(options.setRate(v.lr));
  }

  function hear(answer: Promise<S | null>): void {
    const mine = turn;
    void answer.then((now) => {
      if (mine !== turn || now === null) return;
      show({ state: now });
      if (!shown().running) settle();
    });
  }

  return { begin, goOn, tellRate, hear, told: () => kTold, stop: () => stop.abort() };
}

/** Call while a component is set up. */
export function steerRun<A, F, S extends Steered>(options: Options<A, F, S>): SteeredRun<F, S> {
  const { asked, values: v } = options;
  const key = (): string => JSON.stringify(asked());
  let shown = $state.raw<Shown<F, S>>({
    facts: null,
    state: null,
    running: false,
    problem: null,
    begunFor: "",
    untouched: !currentPlace().query.has("k") && !prefersStill(),
  });
  const show = (changes: Partial<Shown<F, S>>): void => {
    shown = { ...shown, ...changes };
  };
  const run = controlsOf(options, { shown: () => shown, show, key });
  const outdated = $derived(shown.begunFor !== "" && shown.begunFor !== key());
  const ended = $derived(shown.state !== null && (shown.state.k >= shown.state.total || !shown.state.finite));
  const free = $derived(shown.untouched || (shown.state?.k ?? 0) === 0);

  function again(to: number): void {
    show({ untouched: false });
    v.rates = "";
    v.k = 0;
    void run.begin(to);
  }

  // a new rate goes to the run as it is
  $effect(() => {
    void v.lr;
    untrack(run.tellRate);
  });
  // an address that asks for other steps than those made; other settings of a run that nobody has touched or begun
  $effect(() => {
    const to = v.k;
    void key();
    if (to !== run.told()) untrack(() => void run.begin(to));
    else if (outdated && free) {
      const timer = setTimeout(() => void run.begin(0), REST);
      return () => clearTimeout(timer);
    }
    return undefined;
  });
  $effect(() => run.stop);

  return {
    get facts() {
      return shown.facts;
    },
    get state() {
      return shown.state;
    },
    get running() {
      return shown.running;
    },
    get problem() {
      return shown.problem;
    },
    get outdated() {
      return outdated && shown.state !== null;
    },
    get ended() {
      return ended;
    },
    pause: () => {
      show({ untouched: false });
      run.stop();
    },
    train: () => {
      const { state } = shown;
      if (state === null) return;
      if (ended) return again(state.total);
      show({ untouched: false });
      void run.goOn(state.total);
    },
    newRun: () => again(0),
    hear: run.hear,
  };
}
