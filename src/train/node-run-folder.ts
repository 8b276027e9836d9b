/**
 * A run folder: run.json, metrics.jsonl, checkpoint-last/-best.safetensors and a lock against a second process.
 * Whatever fails, a file already written stays whole: checkpoints are written beside it, synced and renamed.
 */
import * as fs from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SteepestError } from "../run/errors.ts";
import { type FileSystem, makeFolders, syncFolder } from "../run/node-folder.ts";
import { lock } from "./node-lock.ts";
import type { RunStore } from "./recorder.ts";

export interface RunFolder extends RunStore {
  readonly path: string;
  readonly writeRun: (record: unknown) => void;
  /** Bytes of a checkpoint; null where there is none. */
  readonly readCheckpoint: (which: "last" | "best") => Uint8Array | null;
  /** Cuts metrics.jsonl back to what the checkpoint knew, or to its last whole line before that; the length it has then. */
  readonly truncateMetrics: (bytes: number) => number;
  /** Makes everything durable and gives the folder free. */
  readonly close: () => void;
}

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
      syncFolder(root, io);
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
      if (length === 0) syncFolder(path, io); // its name must be there when a checkpoint counts its lines
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
    readCheckpoint: (which) => {
      const from = join(path, `checkpoint-${which}.safetensors`);
      return guard(from, () => (io.existsSync(from) ? io.readFileSync(from) : null));
    },
    truncateMetrics: (bytes) => guard(metricsPath, () => cutBack(metricsPath, bytes, io)),
    close: () => {
      try {
        if (metrics !== undefined) io.fsyncSync(metrics);
      } finally {
        if (metrics !== undefined) io.closeSync(metrics);
        metrics = undefined;
        release();
      }
    },
  };
}

/** Bytes looked at to find the last line end. */
const CHUNK = 1 << 16;

/** Cuts a file to so many bytes at most and to whole lines; its length then, 0 where there is none. */
function cutBack(path: string, maxSize: number, io: FileSystem): number {
  if (!io.existsSync(path)) return 0;
  const file = io.openSync(path, "r+");
  try {
    const { size } = io.fstatSync(file);
    let end = Math.min(size, maxSize);
    for (const piece = Buffer.alloc(CHUNK); end > 0; ) {
      const from = Math.max(0, end - CHUNK);
      const count = io.readSync(file, piece, 0, end - from, from);
      const line = piece.subarray(0, count).lastIndexOf(0x0a);
      end = from + line + 1;
      if (line >= 0) break;
    }
    if (end < size) {
      io.ftruncateSync(file, end);
      io.fsyncSync(file);
    }
    return end;
  } finally {
    io.closeSync(file);
  }
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
    case "EISDIR":
      return new SteepestError("not-writable", `${path} holds a folder where the run has a file`, {
        help: "move it away, or choose another folder with --out",
        cause,
      });
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
