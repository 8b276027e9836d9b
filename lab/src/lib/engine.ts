/** The page's side of the worker. All of the engine runs there, so that the page never stops answering. */
import { proxy, type Remote, wrap } from "comlink";
import type { EngineWorker } from "./engine-worker.ts";
import type { Thumb } from "./thumb.ts";

/**
 * A callback for long work in the worker: it waits for the page, which lets the worker breathe, and says whether to
 * go on. `if (!(await report(progress))) return …` is all a worker needs to be cancelled.
 */
export type Report<P> = (progress: P) => Promise<boolean>;

/** A room's worker module as the page sees it: the same functions, with promises. */
export type Calls<W> = {
  readonly [K in keyof W]: W[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

interface Engine {
  readonly remote: Remote<EngineWorker>;
  /** Rejects when the worker cannot be loaded or dies: its answers would never come. */
  readonly died: Promise<never>;
}

let engine: Engine | undefined;

function start(): Engine {
  engine ??= launch();
  return engine;
}

function launch(): Engine {
  const worker = new Worker(new URL("./engine-worker.ts", import.meta.url), {
    type: "module",
    name: "engine",
  });
  const died = new Promise<never>((_, reject) => {
    worker.addEventListener("error", (event) => {
      engine = undefined;
      reject(
        new Error(`the engine stopped: ${event.message ?? "its file cannot be loaded"}; reload the page`),
      );
    });
  });
  // calls race it; without a call in progress nobody waits for it
  died.catch(() => {});
  return { remote: wrap<EngineWorker>(worker), died };
}

/** `connect<typeof import("./worker.ts")>("room")`: the functions of that room's worker.ts. */
export function connect<W extends object>(room: string): Calls<W> {
  type Functions = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;
  let opened: { in: Engine; functions: Promise<Functions> } | undefined;
  return new Proxy({} as Calls<W>, {
    get: (_, name) =>
      typeof name === "symbol" || name === "then"
        ? undefined
        : async (...args: unknown[]) => {
            const now = start();
            if (opened?.in !== now) {
              opened = { in: now, functions: now.remote.open(room) as Promise<Functions> };
            }
            const call = async ({ functions }: NonNullable<typeof opened>): Promise<unknown> =>
              (await functions)[name]!(...args.map((a) => (typeof a === "function" ? proxy(a) : a)));
            return Promise.race([call(opened), now.died]);
          },
  });
}

/** What the first page shows of a room: its own experiment, run now. */
export function askThumb(room: string): Promise<Thumb> {
  const { remote, died } = start();
  return Promise.race([remote.thumb(room) as Promise<Thumb>, died]);
}

/** A report that goes on until the signal says stop. */
export const reportTo =
  <P>(onProgress: (progress: P) => void, signal?: AbortSignal): Report<P> =>
  async (progress) => {
    if (signal?.aborted) return false;
    onProgress(progress);
    return true;
  };

/**
 * One call at a time; of those asked for meanwhile only the last is made. For work that follows a slider.
 * Results arrive in order, and the last one asked for always arrives.
 */
export function latest<A extends readonly unknown[], R>(
  call: (...args: A) => Promise<R>,
  { done, failed }: { done: (result: R) => void; failed: (problem: Problem) => void },
): (...args: A) => void {
  let waiting: A | null = null;
  let busy = false;
  async function run(args: A): Promise<void> {
    busy = true;
    try {
      done(await call(...args));
    } catch (error) {
      failed(explain(error));
    }
    busy = false;
    if (waiting !== null) {
      const next = waiting;
      waiting = null;
      void run(next);
    }
  }
  return (...args) => {
    if (busy) waiting = args;
    else void run(args);
  };
}

export interface Problem {
  readonly what: string;
  readonly help: string | null;
}

/** An error from either side in words for the page. What is not ours to expect is also written to the console. */
export function explain(error: unknown): Problem {
  const { name, message, help } = error as { name?: string; message?: string; help?: string };
  if (name !== "SteepestError") console.error(error);
  return { what: message ?? String(error), help: help ?? null };
}
