/**
 * A run folder: run.json, metrics.jsonl, checkpoint-last/-best.safetensors and a lock against a second process.
 * Whatever fails, a file already written stays whole: checkpoints are written beside it, synced and renamed.
 */
import * as fs from "node:fs";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { SteepestError } from "../run/errors.ts";
import { makeFolders } from "../run/node-folder.ts";
import type { RunStore } from "./recorder.ts";

export interface RunFolder extends RunStore {
  readonly path: string;
  readonly writeRun: (record: unknown) => void;
  /** Bytes of checkpoint-last. Throws `checkpoint-missing`. */
  readonly readLast: () => Uint8Array;
  /** Cuts metrics.jsonl back to what the checkpoint knew. */
  readonly truncateMetrics: (bytes: number) => void;
  /** Makes everything durable and gives the folder free. */
  readonly close: () => void;
}

export interface LockOwner {
  readonly pid: number;
  readonly host: string;
}

/** What may fail, so that tests can make it fail. */
export type FileSystem = Pick<
  typeof fs,
  | "closeSync" | "existsSync" | "fsyncSync" | "ftruncateSync" | "fstatSync" | "linkSync" | "mkdirSync" | "openSync"
  | "readFileSync" | "readdirSync" | "renameSync" | "rmSync" | "writeFileSync" | "writeSync"
>; // biome-ignore format: a list

/** The next free `<root>/<name>-<n>`, n from 1; made at once, so two runs never get the same. */
export function createRunFolder(root: string, name: string, io: FileSystem = fs): RunFolder {
  return guard(root, () => openFolder(nextRunFolder(root, name, io), io));
}

/** Makes that folder and returns its path. */
export function nextRunFolder(root: string, name: string, io: FileSystem = fs): string {
  makeFolders(root, io);
  for (let n = lastRunNumber(root, name, io) + 1; ; n++) {
    const path = join(root, `${name}-${n}`);
    try {
      io.mkdirSync(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** A folder of the user's choosing, which must not hold a run yet. */
export function createRunFolderAt(path: string, io: FileSystem = fs): RunFolder {
  return guard(path, () => {
    makeFolders(path, io);
    if (io.existsSync(join(path, "metrics.jsonl"))) {
      throw new SteepestError("run-exists", `the folder ${path} already holds a run`, {
        help: "add --resume to go on with it, or choose another folder with --out",
      });
    }
    return openFolder(path, io);
  });
}

/** The folder of a run that was begun. Throws `run-missing` or `run-in-use`. */
export function openRunFolder(path: string, io: FileSystem = fs): RunFolder {
  if (!io.existsSync(join(path, "run.json"))) {
    throw new SteepestError("run-missing", `there is no run to resume in ${path}`, {
      help: "name a run folder (it holds a run.json), or leave out --resume",
    });
  }
  return guard(path, () => openFolder(path, io));
}

/** The newest `<root>/<name>-<n>`. Throws `run-missing`. */
export function latestRunFolder(root: string, name: string): string {
  const n = lastRunNumber(root, name, fs);
  if (n > 0) return join(root, `${name}-${n}`);
  throw new SteepestError("run-missing", `there is no run "${name}" to resume in ${resolve(root)}`, {
    help: "leave out --resume to begin one, or name the run folder",
  });
}

function lastRunNumber(root: string, name: string, io: FileSystem): number {
  if (!io.existsSync(root)) return 0;
  const numbers = io.readdirSync(root).flatMap((entry) => {
    const n = entry.startsWith(`${name}-`) ? entry.slice(name.length + 1) : "";
    return /^[1-9]\d*$/.test(n) ? [Number(n)] : [];
  });
  return Math.max(0, ...numbers);
}

function openFolder(path: string, io: FileSystem): RunFolder {
  const release = lock(path, io);
  const metricsPath = join(path, "metrics.jsonl");
  let metrics: number | undefined;
  let length = 0;
  const metricsFile = (): number => {
    if (metrics === undefined) {
      metrics = io.openSync(metricsPath, "a");
      length = io.fstatSync(metrics).size;
    }
    return metrics;
  };
  return {
    path,
    writeRun: (record) =>
      guard(path, () =>
        replaceFile(join(path, "run.json"), Buffer.from(`${JSON.stringify(record, null, 2)}\n`), io),
      ),
    appendMetrics: (text) =>
      guard(metricsPath, () => {
        const file = metricsFile();
        const bytes = Buffer.from(text);
        try {
          for (let at = 0; at < bytes.length; ) at += io.writeSync(file, bytes, at);
        } catch (error) {
          io.ftruncateSync(file, length); // no half line stays behind
          throw error;
        }
        length += bytes.length;
        return length;
      }),
    saveCheckpoint: (which, bytes) => {
      const to = join(path, `checkpoint-${which}.safetensors`);
      guard(to, () => {
        // a checkpoint must not be ahead of the metrics it counts
        if (metrics !== undefined) io.fsyncSync(metrics);
        replaceFile(to, bytes, io);
      });
    },
    readLast: () => {
      const from = join(path, "checkpoint-last.safetensors");
      try {
        return io.readFileSync(from);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw fileProblem(from, cause);
        throw new SteepestError("checkpoint-missing", `there is no checkpoint ${from}`, {
          help: "start the run again: it stopped before its first checkpoint",
          cause,
        });
      }
    },
    truncateMetrics: (bytes) =>
      guard(metricsPath, () => {
        const file = io.openSync(metricsPath, "r+");
        if (io.fstatSync(file).size > bytes) io.ftruncateSync(file, bytes);
        io.closeSync(file);
      }),
    close: () => {
      if (metrics !== undefined) io.closeSync(metrics);
      metrics = undefined;
      release();
    },
  };
}

/** Old content or new content, never half of it, whatever happens in between. */
export function replaceFile(to: string, bytes: Uint8Array, io: FileSystem): void {
  const temporary = `${to}.tmp`;
  try {
    const file = io.openSync(temporary, "w");
    try {
      for (let at = 0; at < bytes.length; ) at += io.writeSync(file, bytes, at);
      io.fsyncSync(file);
    } finally {
      io.closeSync(file);
    }
    io.renameSync(temporary, to);
  } catch (error) {
    io.rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(to), io);
}

/** The rename itself has to reach the disk; Windows can't sync a folder and doesn't need to. */
function syncFolder(path: string, io: FileSystem): void {
  if (process.platform === "win32") return;
  const folder = io.openSync(path, "r");
  try {
    io.fsyncSync(folder);
  } finally {
    io.closeSync(folder);
  }
}

/** run.lock holds the owner's process; a lock whose process is gone is taken over. Returns the release. */
export function lock(path: string, io: FileSystem): () => void {
  const file = join(path, "run.lock");
  const own = JSON.stringify({ pid: process.pid, host: hostname(), started: startOf(process.pid, io) });
  // written beside and linked: a lock appears with its content or not at all
  const draft = `${file}.${process.pid}`;
  for (let attempt = 0; ; attempt++) {
    try {
      io.writeFileSync(draft, own);
      io.linkSync(draft, file);
      return () => io.rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 2) throw error;
    } finally {
      io.rmSync(draft, { force: true });
    }
    const owner = readOwner(file, io);
    if (owner === "gone") continue;
    if (owner !== "stale") {
      throw new SteepestError(
        "run-in-use",
        `the run folder ${path} is in use by process ${owner.pid} on ${owner.host}`,
        {
          help: `wait for it or stop it; if it no longer runs, delete ${file}`,
        },
      );
    }
    io.rmSync(file, { force: true });
  }
}

function readOwner(file: string, io: FileSystem): LockOwner | "stale" | "gone" {
  let text: string;
  try {
    text = io.readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "gone";
    throw error;
  }
  const owner = /^\{.*\}$/.test(text)
    ? (JSON.parse(text) as LockOwner & { started?: string | null })
    : undefined;
  if (owner === undefined || !Number.isInteger(owner.pid)) return "stale";
  if (owner.host !== hostname()) return owner;
  if (!isAlive(owner.pid)) return "stale";
  // the number may have been given to another process since
  const started = startOf(owner.pid, io);
  return started !== null && owner.started != null && started !== owner.started ? "stale" : owner;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process started, in clock ticks since boot (Linux's /proc, field 22 of stat); null where there is no /proc. */
function startOf(pid: number, io: FileSystem): string | null {
  const file = `/proc/${pid}/stat`;
  if (!io.existsSync(file)) return null;
  const text = io.readFileSync(file, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

/** File errors of the work in words. */
export function guard<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof SteepestError ? error : fileProblem(path, error);
  }
}

/** A file error in words, with the remedy; errors that are none pass unchanged. */
function fileProblem(path: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const resumable = "what was written before is whole: --resume goes on from it";
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new SteepestError("disk-full", `there is no room to write ${path}`, {
        help: `free some space, then go on; ${resumable}`,
        exitCode: 1,
        cause,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new SteepestError(
        "not-writable",
        `${path} can't be written: permission is missing or the disk is read-only`,
        {
          help: "choose another folder with --out, or give yourself permission to write",
          cause,
        },
      );
    case "ENOTDIR":
    case "EEXIST":
    case "ENOENT":
      return new SteepestError(
        "not-writable",
        `${path} can't be a run folder: a part of its path is no folder`,
        {
          help: "choose another folder with --out",
          cause,
        },
      );
    case "EIO":
      return new SteepestError("disk-error", `the disk failed while writing ${path}`, {
        help: `check the disk; ${resumable}`,
        exitCode: 1,
        cause,
      });
    default:
      return cause;
  }
}
