/** The run of this room: what its controls ask for, its pace, and the runs made before it. */
import type { Calls } from "../../lib/engine.ts";
import { type SteeredRun, steerRun } from "../../lib/steered-run.svelte.ts";
import { prefersStill } from "../../lib/theme.svelte.ts";
import type { Values } from "../../lib/view.svelte.ts";
import { optimizers } from "./names.ts";
import type { Asked } from "./run-file.ts";
import type { fields } from "./view.ts";
import type { Facts, State } from "./worker.ts";

interface Options {
  readonly values: Values<typeof fields>;
  readonly worker: Calls<typeof import("./worker.ts")>;
  /** The reader's own table; null: there is none. */
  readonly file: () => string | null;
}

const FIRST_PASS = 60;

/** A run as far as it went, for the list of runs. */
export interface Made extends Asked {
  readonly turn: number;
  /** One after the other. */
  readonly lr: readonly number[];
  readonly k: number;
  readonly accuracy: number;
  readonly speed: number | null;
}

export type Run = SteeredRun<Facts, State>;

interface Training {
  readonly run: Run;
  /** What the controls ask for. */
  readonly asked: Asked;
  /** There is no table yet. */
  readonly waiting: boolean;
  readonly history: readonly Made[];
}

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
    on: v.on,
  };
}

/** Call while the room is set up. */
export function openRun({ values: v, worker, file }: Options): Training {
  const asked = $derived(askedOf(v, file()));
  const waiting = $derived(v.data === "csv" && file() === null);
  let history = $state.raw<readonly Made[]>([]);
  let watched = $state(false);

  function tellPace(): void {
    const full = !watched || v.pace === "full" || prefersStill();
    void worker.setPace(full ? null : Number(v.pace));
  }
  const run = steerRun({
    asked: () => asked,
    // the optimizer can change under way, and convolutions have no hidden units to choose
    keyOf: ({ optimizer: _, ...asked }) => (asked.model === "cnn" ? { ...asked, hidden: 0 } : asked),
    values: v,
    optimizers,
    ready: () => !waiting,
    open: worker.open,
    go: (to, report, how) => {
      watched = how.watched;
      tellPace();
      return worker.go(to, report);
    },
    live: () => ({ lr: v.lr, optimizer: v.optimizer }),
    steer: ({ lr, optimizer }) => worker.steer(lr, optimizer),
    firstPass: FIRST_PASS,
    onSettle: (state, asked, turn) => {
      if (state.k === 0) return;
      const made: Made = {
        ...asked,
        optimizer: state.optimizer,
        turn,
        lr: state.changes.map(([, lr]) => lr),
        k: state.k,
        accuracy: state.tally.accuracy,
        speed: state.stepsPerSecond,
      };
      history = [...history.filter((m) => m.turn !== turn), made];
    },
  });
  $effect(() => {
    if (run.running) tellPace();
  });
  return {
    run,
    get asked() {
      return asked;
    },
    get waiting() {
      return waiting;
    },
    get history() {
      return history;
    },
  };
}
