/**
 * A comparison's folder: `compare-run.json`, the run that all cells share; `cells.jsonl` and `searches.jsonl`, a finished cell
 * or search a line, which the next start takes up; and what the comparison gives. A lock keeps a second process out.
 */
import * as fs from "node:fs";
import { basename, join } from "node:path";
import { SteepestError } from "../../run/errors.ts";
import { type FileSystem, makeFolders } from "../../run/node-folder.ts";
import type { RunSpec } from "../../run/spec.ts";
import { lock } from "../../train/node-lock.ts";
import { guard, nextRunFolder, replaceFile } from "../../train/node-run-folder.ts";
import type { Cell } from "./cell.ts";
import { cellKey, searchKey } from "./compare.ts";
import type { RateSearch } from "./rate-search.ts";

const SCHEMA = "steepest.compare-run/1";

/** What all cells of a folder have in common. */
export interface SharedRun {
  /** The run without its optimizer; its seed is the first of the seeds, and decides the digest's validation rows. */
  readonly run: Readonly<Record<string, unknown>>;
  /** Digest of the training rows as they are fed in. */
  readonly data: string;
  readonly totalSteps: number;
}

export interface CompareFolder {
  readonly path: string;
  /** Finished before, by `cellKey`. */
  readonly known: ReadonlyMap<string, Cell>;
  readonly append: (cell: Cell) => void;
  /** The same for searches, by `searchKey`. */
  readonly searched: ReadonlyMap<string, RateSearch>;
  readonly appendSearch: (search: RateSearch) => void;
  /** Replaces a file of the folder as a whole. */
  readonly write: (name: string, content: string | Uint8Array) => void;
  readonly close: () => void;
}

/** Settings that change no cell: a folder may be gone on with under another of these. */
const FREE = new Set([
  "$schema",
  "madeWith",
  "name",
  "optimizer",
  "backend",
  "logEvery",
  "checkpointEvery",
  "nonFinite",
]);

export const sharedRun = (run: RunSpec, data: string, totalSteps: number): SharedRun => ({
  run: Object.fromEntries(
    Object.entries(run).filter(([key, value]) => !FREE.has(key) && value !== undefined),
  ),
  data,
  totalSteps,
});

/**
 * `path`, or the next free `<root>/<name>-<n>`. Throws `compare-differs` when the folder holds cells of another
 * run, `run-in-use` when another process works in it.
 */
export function openCompareFolder(
  shared: SharedRun,
  { path, root, name }: { path?: string | undefined; root: string; name: string },
  io: FileSystem = fs,
): CompareFolder {
  const folder = atFiles(path ?? root, () => {
    if (path === undefined) return nextRunFolder(root, name, io);
    makeFolders(path, io);
    return path;
  });
  const release = atFiles(folder, () => lock(folder, io));
  try {
    return atFiles(folder, () => openLocked(folder, shared, { release, io }));
  } catch (error) {
    release();
    throw error;
  }
}

function openLocked(
  path: string,
  shared: SharedRun,
  { release, io }: { release: () => void; io: FileSystem },
): CompareFolder {
  const runFile = join(path, "compare-run.json");
  const cellsFile = join(path, "cells.jsonl");
  if (io.existsSync(runFile))
    refuseChanges(JSON.parse(io.readFileSync(runFile, "utf8")) as SharedRun, shared, path);
  else if (io.existsSync(join(path, "metrics.jsonl")) || io.existsSync(cellsFile)) {
    throw new SteepestError("compare-differs", `the folder ${path} holds something else than a comparison`, {
      help: "choose another folder with --out",
    });
  } else {
    const record = { schema: SCHEMA, ...shared };
    replaceFile(runFile, Buffer.from(`${JSON.stringify(record, null, 2)}\n`), io);
  }
  const cells = openLines<Cell>(cellsFile, cellKey, io);
  const searches = openLines<RateSearch>(join(path, "searches.jsonl"), searchKey, io);
  return {
    path,
    known: cells.known,
    append: cells.append,
    searched: searches.known,
    appendSearch: searches.append,
    write: (name, content) =>
      atFiles(join(path, name), () => replaceFile(join(path, name), Buffer.from(content), io)),
    close: () => {
      cells.close();
      searches.close();
      release();
    },
  };
}

interface Lines<T> {
  readonly known: ReadonlyMap<string, T>;
  readonly append: (record: T) => void;
  readonly close: () => void;
}

/** A file of finished work, a record a line. A process that was killed may have left half a line, which is cut off. */
function openLines<T>(path: string, keyOf: (record: T) => string, io: FileSystem): Lines<T> {
  const bytes = io.existsSync(path) ? io.readFileSync(path) : Buffer.alloc(0);
  let length = bytes.lastIndexOf(0x0a) + 1;
  const known = readLines<T>(bytes.toString("utf8", 0, length), { keyOf, name: basename(path) });
  const file = io.openSync(path, "a");
  io.ftruncateSync(file, length);
  return {
    known,
    append: (record) =>
      atFiles(path, () => {
        const line = Buffer.from(`${JSON.stringify(record)}\n`);
        try {
          for (let at = 0; at < line.length; ) at += io.writeSync(file, line, at);
        } catch (error) {
          io.ftruncateSync(file, length); // no half line stays behind
          throw error;
        }
        length += line.length;
      }),
    close: () => io.closeSync(file),
  };
}

function readLines<T>(
  text: string,
  { keyOf, name }: { keyOf: (record: T) => string; name: string },
): Map<string, T> {
  const known = new Map<string, T>();
  const lines = text.split("\n").slice(0, -1);
  lines.forEach((line, i) => {
    try {
      const record = JSON.parse(line) as T;
      known.set(keyOf(record), record);
    } catch (cause) {
      throw new SteepestError("compare-cells", "a line is no finished work", {
        where: `at ${name}:${i + 1}`,
        help: "delete that line: its work is done again",
        cause,
      });
    }
  });
  return known;
}

function refuseChanges(was: SharedRun, is: SharedRun, path: string): void {
  const text = (value: unknown): string => JSON.stringify(value) ?? "nothing";
  const keys = new Set([...Object.keys(was.run), ...Object.keys(is.run)]);
  const changed = [...keys].find((key) => text(was.run[key]) !== text(is.run[key]));
  const help = "finished cells can't be mixed with those of another run; choose another folder with --out";
  if (changed !== undefined) {
    throw new SteepestError(
      "compare-differs",
      `${changed} was ${text(was.run[changed])} when the comparison began and is ${text(is.run[changed])} now`,
      { where: `in ${path}`, help },
    );
  }
  if (was.data !== is.data || was.totalSteps !== is.totalSteps) {
    throw new SteepestError("compare-differs", "the data has changed since the comparison began", {
      where: `in ${path}`,
      help,
    });
  }
}

/** File errors in words; what a full disk leaves behind is whole. */
function atFiles<T>(path: string, work: () => T): T {
  try {
    return guard(path, work);
  } catch (error) {
    if (!(error instanceof SteepestError) || !["disk-full", "disk-error"].includes(error.id)) throw error;
    throw new SteepestError(error.id, error.message, {
      help: "free some space (or check the disk) and run the same command with --out on this folder: finished cells are kept",
      exitCode: 1,
      cause: error,
    });
  }
}
