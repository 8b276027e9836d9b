/** Named pipes (`mkfifo`, a shell's `<(…)`): opened without waiting for a writer, so that Ctrl-C is heard meanwhile. */
import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { setImmediate as immediate, setTimeout as sleep } from "node:timers/promises";
import { SteepestError } from "../run/errors.ts";
import type { StopSignal } from "../run/long-work.ts";

export interface FifoOptions {
  /** Ends the reading. */
  readonly signal?: StopSignal | undefined;
  /** Waits for the next writer when one has closed it; else that is the end. */
  readonly again?: boolean;
}

const CHUNK = 1 << 16;
/** Milliseconds before a pipe that gave nothing is looked at again: twice as long each time. */
const WAIT = { min: 1, max: 32 } as const;
const NEWLINE = Uint8Array.of(10);

/** Whether a path is a pipe; writers may come again only where it has a name of its own. */
export function pipeAt(path: string): "named" | "unnamed" | null {
  if (statSync(path, { throwIfNoEntry: false })?.isFIFO() !== true) return null;
  return /^\/(?:dev|proc)\//.test(path) ? "unnamed" : "named";
}

/** @throws SteepestError for a path that is a pipe, where nobody could wait for its writers. */
export function refusePipe(path: string): void {
  if (pipeAt(path) === null) return;
  throw new SteepestError("pipe", "this is a pipe, which can't be read here", {
    where: path,
    help: "give a file or a folder; steepest diagnose reads pipes",
  });
}

/** What writers put into the pipe at `path`, from the first one on. Throws what the system says. */
export async function* readFifo(
  path: string,
  { signal, again = false }: FifoOptions = {},
): AsyncGenerator<Uint8Array> {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let last: Uint8Array | null = null;
  let wait: number = WAIT.min;
  try {
    while (signal?.aborted !== true) {
      const found = readNow(file);
      if (found instanceof Uint8Array) {
        last = found;
        wait = WAIT.min;
        yield found;
        // a writer that never rests must not keep timers and signals from their turn
        await immediate();
        continue;
      }
      if (found === "writer") last ??= new Uint8Array(0);
      else if (last !== null) {
        if (!again) return;
        // a writer that died within a line: the next one's line is its own
        if (last.length > 0 && last[last.length - 1] !== 10 && !last.includes(0)) yield NEWLINE;
        last = null;
      }
      await sleep(wait);
      wait = Math.min(2 * wait, WAIT.max);
    }
  } finally {
    closeSync(file);
  }
}

/** What is there; else whether somebody has it open for writing. */
function readNow(file: number): Uint8Array | "writer" | "nobody" {
  const buffer = new Uint8Array(CHUNK);
  try {
    const count = readSync(file, buffer);
    return count > 0 ? buffer.subarray(0, count) : "nobody";
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return "writer";
    throw error;
  }
}
