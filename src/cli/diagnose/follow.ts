/** Following logs that grow: standard input as it comes, files by looking at their size. */

import { existsSync, statSync } from "node:fs";
import { createWatch, type Finding, type Watch } from "../../diagnose/index.ts";
import { createReader, feed, type LogReader, peek, type ReadOptions, type RunLog } from "../../logs/index.ts";
import { listFiles } from "../../logs/node-list.ts";
import { SteepestError } from "../../run/errors.ts";
import { systemClock } from "../../run/long-work.ts";
import { createTail } from "./tail.ts";

export type OnAlert = (finding: Finding, log: RunLog) => void;

export interface FollowOptions extends Omit<ReadOptions, "source"> {
  /** Somebody waits for alerts: those of the last moment are given too. */
  readonly live: boolean;
  readonly onAlert: OnAlert;
  /** Told about what can't be followed, and why. */
  readonly onNote: (text: string) => void;
  /** Ends the following. */
  readonly signal: AbortSignal;
  /** What a stream is called; default: standard input. */
  readonly source?: string;
  /** A path that is not there yet is waited for. */
  readonly mayAppear?: boolean;
}

const EVERY = 300;
const LIST_EVERY = 2000;
/** Megabytes of a file read at once: between them Ctrl-C is heard. */
const CHUNKS_AT_ONCE = 64;
/** Of a log so long that judging takes a while, so many times that long is spent on reading before the next. */
const READING_PER_JUDGING = 5;

interface Judge {
  /** Alerts of what is new, where something came and it is time. */
  readonly turn: (logs: () => readonly RunLog[]) => void;
  /** Something came. */
  readonly came: () => void;
  /** Alerts of what is new, now. */
  readonly now: (logs: readonly RunLog[]) => void;
}

/** One watch for each run of a source, in the order of its runs. */
function createJudge(onAlert: OnAlert): Judge {
  const watches: Watch[] = [];
  let fresh = false;
  let due = Number.NEGATIVE_INFINITY;
  const now = (logs: readonly RunLog[]): void => {
    for (const [i, log] of logs.entries())
      for (const finding of (watches[i] ??= createWatch()).update(log)) onAlert(finding, log);
  };
  return {
    now,
    came: () => {
      fresh = true;
    },
    turn(logs) {
      const begun = systemClock.now();
      if (!fresh || begun < due) return;
      fresh = false;
      now(logs());
      const ended = systemClock.now();
      due = ended + READING_PER_JUDGING * (ended - begun);
    },
  };
}

/** Reads `input` to its end (or to `signal`), with alerts meanwhile; the logs at the end. */
export async function followStream(
  input: AsyncIterable<Uint8Array> & { destroy?(): unknown },
  { live, onAlert, onNote, signal, source = "-", ...options }: FollowOptions,
): Promise<RunLog[]> {
  const reader = createReader({ ...options, source });
  const judge = createJudge(onAlert);
  let broken: unknown = null;
  const counted: LogReader = {
    ...reader,
    push: (bytes) => {
      judge.came();
      reader.push(bytes);
    },
  };
  const timer = setInterval(() => {
    if (broken !== null) return;
    try {
      judge.turn(() => reader.snapshot());
    } catch (error) {
      // what can't be read is said when reading ends
      broken = error;
    }
  }, EVERY);
  const stop = (): void => void input.destroy?.();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const cut = await feed(counted, await peek(input), source);
    if (cut !== null) onNote(`the compressed stream breaks off: ${cut}`);
  } catch (error) {
    // destroying the stream ends the loop over it with an error of Node's
    if (!signal.aborted || error instanceof SteepestError) throw error;
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", stop);
  }
  const logs = reader.end();
  // what came in the last moment; a stream that was never live is told by the diagnosis alone
  if (live) judge.now(logs);
  return logs;
}

/** Follows files, and directories with the files that come into them, until `signal`. */
export async function followFiles(
  paths: readonly string[],
  { live: _, onAlert, onNote, signal, source: __, mayAppear = false, ...options }: FollowOptions,
): Promise<void> {
  const followed = new Map<string, Followed>();
  let listed = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const begun = systemClock.now();
    if (begun - listed >= LIST_EVERY) {
      listed = begun;
      for (const path of await expand(mayAppear ? paths.filter((p) => existsSync(p)) : paths))
        if (!followed.has(path)) followed.set(path, createFollowed(path, options, onAlert));
    }
    for (const [path, one] of followed) {
      const trouble = one.look();
      if (trouble !== null) onNote(`${path}: ${trouble}`);
    }
    await pause(Math.max(EVERY - (systemClock.now() - begun), 0), signal);
  }
}

async function expand(paths: readonly string[]): Promise<string[]> {
  const out: string[] = [];
  for (const path of paths) {
    const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    out.push(...(isDirectory ? await listFiles(path) : [path]));
  }
  return out;
}

interface Followed {
  /** Reads what was appended since; what keeps it from reading, told once, else null. */
  readonly look: () => string | null;
}

function createFollowed(path: string, options: Omit<ReadOptions, "source">, onAlert: OnAlert): Followed {
  let judge = createJudge(onAlert);
  const tail = createTail(path, options);
  let told = "";
  return {
    look() {
      try {
        const found = tail.look(CHUNKS_AT_ONCE);
        // another run: what was told of the one before says nothing of it
        if (found === "anew") judge = createJudge(onAlert);
        if (found !== false) judge.came();
        judge.turn(tail.logs);
        told = "";
        return null;
      } catch (error) {
        if (!(error instanceof SteepestError) && !(error instanceof Error && "code" in error)) throw error;
        // a file may be between two writes: it is read afresh when it changes again
        tail.restart();
        if (told === error.message) return null;
        told = error.message;
        return error.message;
      }
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
