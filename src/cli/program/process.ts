/**
 * Somebody's program as a process group of its own: it can be paused, continued and ended with all that it has started.
 * It never outlives us: a guard, held by a pipe, ends the group when we are gone, whatever ended us.
 */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { SteepestError } from "../../run/errors.ts";
import { guardGroup } from "../../run/node-guard.ts";

/** How a program ended: one of the two is null, as Node gives them. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Processes it had left behind were ended too. */
  readonly leftBehind: boolean;
}

export interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  readonly stdio: StdioOptions;
}

export interface Program {
  readonly child: ChildProcess;
  /** When the program and what it started are gone. */
  readonly ended: Promise<Ending>;
  /** To every process of the group; what is gone gets nothing. */
  readonly send: (signal: NodeJS.Signals) => void;
  /** Asks by SIGTERM; after `grace` milliseconds SIGKILL. */
  readonly end: (grace?: number) => Promise<Ending>;
}

const GRACE = 5000;
/** Milliseconds between two looks at a group that is about to end. */
const POLL = 50;

/** @throws SteepestError when the program can't be started. */
export async function startProgram(
  [file, ...args]: readonly string[],
  { env = process.env, cwd, stdio }: ProgramOptions,
): Promise<Program> {
  if (process.platform === "win32") {
    throw new SteepestError("not-here", "programs can be run on Linux and macOS only", {
      help: "on Windows use WSL, or pipe the program's output: python train.py | steepest diagnose - --watch",
    });
  }
  const child = spawn(file!, args, { env, cwd, stdio, detached: true });
  await started(child, file!);
  const group = child.pid!;
  const release = guardGroup(group);
  const send = (signal: NodeJS.Signals): void => void signalGroup(group, signal);
  const ended = new Promise<Ending>((resolve) => {
    child.once("exit", (code, signal) => {
      void endGroup(group, GRACE).then((leftBehind) => {
        release();
        resolve({ code, signal, leftBehind });
      });
    });
  });
  return {
    child,
    ended,
    send,
    async end(grace = GRACE) {
      // what is stopped hears no SIGTERM
      send("SIGTERM");
      send("SIGCONT");
      const timer = setTimeout(() => send("SIGKILL"), grace);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** The exit code a shell would give. */
export function exitCodeOf({ code, signal }: Ending): number {
  return code ?? 128 + constants.signals[signal!];
}

function started(child: ChildProcess, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "ENOENT"
          ? "there is no such program"
          : cause.code === "EACCES"
            ? "it is not executable"
            : cause.message;
      reject(
        new SteepestError("program-not-started", `the program can't be started: ${why}`, {
          where: file,
          help: "write the command as you would in a shell, after --, for example -- python train.py",
          cause,
        }),
      );
    });
  });
}

/** False when no process of the group is there. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // ESRCH: gone; EPERM: macOS says so of a group of zombies
    if (error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM"))
      return false;
    throw error;
  }
}

/** Ends what a program has left behind in its group; true if there was something. */
async function endGroup(group: number, grace: number): Promise<boolean> {
  // what was told to end together with its parent may need a moment
  if (await gone(group, 4 * POLL)) return false;
  signalGroup(group, "SIGTERM");
  signalGroup(group, "SIGCONT");
  if (await gone(group, grace)) return true;
  signalGroup(group, "SIGKILL");
  // a zombie that nobody reaps stays in its group for good
  await gone(group, 20 * POLL);
  return true;
}

async function gone(group: number, within: number): Promise<boolean> {
  for (let waited = 0; signalGroup(group, 0); waited += POLL) {
    if (waited >= within) return false;
    await sleep(POLL);
  }
  return true;
}
