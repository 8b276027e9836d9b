/** Logs on their way from files into the worker: how far it is, what came of it, and stopping it. */
import { connect, explain, type Problem, reportTo } from "../../lib/engine.ts";
import type { Example } from "./view.ts";
import type { Read, Reading, Source, Wanted } from "./worker.ts";

export interface Done extends Read {
  readonly example: Example;
  /** Another for each reading. */
  readonly id: number;
  readonly files: readonly string[];
}

export interface LogReader {
  readonly reading: Reading | null;
  /** What was read last; it stays while something else is read. */
  readonly done: Done | null;
  readonly problem: Problem | null;
  readonly stopped: boolean;
  readonly cancel: () => void;
}

/** Call while a component is set up; it reads anew whenever what is asked for changes. */
export function openReader(
  asked: () => { readonly example: Example; readonly sources: readonly Source[]; readonly wanted: Wanted },
): LogReader {
  const worker = connect<typeof import("./worker.ts")>("doctor");
  let reading = $state.raw<Reading | null>(null);
  let done = $state.raw<Done | null>(null);
  let problem = $state.raw<Problem | null>(null);
  let stopped = $state(false);
  let stop = new AbortController();
  let count = 0;

  async function read({ example, sources, wanted }: ReturnType<typeof asked>): Promise<void> {
    stop.abort();
    const mine = new AbortController();
    stop = mine;
    [problem, stopped] = [null, false];
    if (example === "own" && sources.length === 0) {
      [done, reading] = [null, null];
      return;
    }
    try {
      const given = example === "own" ? sources : await worker.fetchExample(example);
      const progress = reportTo<Reading>((p) => (reading = p), mine.signal);
      const result = mine.signal.aborted ? null : await worker.read(given, wanted, progress);
      if (stop !== mine) return;
      if (result === null) stopped = true;
      else done = { ...result, example, id: ++count, files: given.map((s) => s.name) };
    } catch (error) {
      if (stop === mine) problem = explain(error);
    }
    if (stop === mine) reading = null;
  }
  $effect(() => void read(asked()));

  return {
    get reading() {
      return reading;
    },
    get done() {
      return done;
    },
    get problem() {
      return problem;
    },
    get stopped() {
      return stopped;
    },
    cancel: () => stop.abort(),
  };
}
