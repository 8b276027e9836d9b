/** metrics.jsonl as it lies on disk, read piece by piece: it may be larger than memory. */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { SteepestError } from "../run/errors.ts";
import type { RunLog } from "../run/log.ts";
import { createRunLog } from "./log.ts";

const PIECE = 1 << 20;

/** Whole lines, about a megabyte at a time; what follows the last line end is left out. None where there is no file. */
export function* readMetrics(path: string): Generator<string> {
  const file = openOrNull(path);
  if (file === null) return;
  try {
    const buffer = Buffer.alloc(PIECE);
    let rest = "";
    for (;;) {
      const count = readSync(file, buffer, 0, PIECE, null);
      if (count === 0) return;
      // the lines that we write are ASCII
      const text = rest + buffer.toString("latin1", 0, count);
      const end = text.lastIndexOf("\n") + 1;
      rest = text.length - end < PIECE ? text.slice(end) : "";
      if (end > 0) yield text.slice(0, end);
    }
  } finally {
    closeSync(file);
  }
}

/** A run's own metrics in bounded memory, as diagnosis and plots read them. */
export function readRunLog(path: string, source: string): RunLog {
  const log = createRunLog();
  for (const piece of readMetrics(path)) log.add(piece);
  return log.read(source);
}

/**
 * The first line that is not as a run writes it, from 1: no line of metrics, or of a step before the one above it; null
 * where all are.
 */
export function firstOddLine(path: string): number | null {
  let line = 0;
  let last = 0;
  for (const piece of readMetrics(path)) {
    for (const text of piece.slice(0, -1).split("\n")) {
      if (++line === 1) {
        if (!text.startsWith('{"schema":')) return line;
        continue;
      }
      const step = Number(/^\{"step":(\d+),.*\}$/.exec(text)?.[1]);
      if (!(step >= last)) return line;
      last = step;
    }
  }
  return null;
}

/** The step of the last line that has one; null where the end of the file holds none. */
export function lastStepIn(path: string): number | null {
  const file = openOrNull(path);
  if (file === null) return null;
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, PIECE));
    const count = readSync(file, buffer, 0, buffer.length, size - buffer.length);
    const steps = [...buffer.toString("latin1", 0, count).matchAll(/^\{"step":(\d+),.*\n/gm)];
    return steps.length === 0 ? null : Number(steps.at(-1)![1]);
  } finally {
    closeSync(file);
  }
}

function openOrNull(path: string): number | null {
  const found = statSync(path, { throwIfNoEntry: false });
  // opening a pipe would wait for its writer
  if (found !== undefined && !found.isFile()) {
    throw new SteepestError("metrics-file", `${path} is no file`, {
      help: "move it away: the run goes on without its lines",
    });
  }
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
