/**
 * Paths → RunLogs: files, directories (recursively), globs and standard input. Node only.
 * What lies together is read together: the event files of a directory are one run, its validation directory
 * belongs to it, and so do the metric files of an MLflow run.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { SteepestError } from "../run/errors.ts";
import type { RunLog } from "../run/log.ts";
import type { StopSignal } from "../run/long-work.ts";
import { isDatabase } from "./detect.ts";
import { createReader, feed, peek, type ReadOptions, readLog } from "./index.ts";
import { dropPrefixes } from "./node-checkpoints.ts";
import { readFifo } from "./node-fifo.ts";
import { groupFiles, type LogGroup } from "./node-groups.ts";
import { isGlob, listFiles, matchGlob } from "./node-list.ts";
import { hyperParameters } from "./node-params.ts";

/** Options of `readLogPaths`. */
export interface ReadPathOptions extends Omit<ReadOptions, "source"> {
  /** Told about files of a directory that hold no log, and why. */
  readonly onSkip?: (path: string, reason: string) => void;
  /** Aborted: reading ends where it is, and what has been read is given. */
  readonly signal?: StopSignal | undefined;
}

const CHUNK = 1 << 20;

/**
 * Reads logs from files and folders, as many runs as they hold; "-" is standard input. Files of a folder that hold no log
 * are passed over and told to `onSkip`. Throws a SteepestError that names the path and the reason.
 */
export async function readLogPaths(
  paths: readonly string[],
  { onSkip = () => {}, ...options }: ReadPathOptions = {},
): Promise<RunLog[]> {
  const logs: RunLog[] = [];
  for (const path of paths) {
    if (path === "-") logs.push(...(await readLog(process.stdin, { ...options, source: "-" })));
    else logs.push(...(await readPath(path, { ...options, onSkip })));
  }
  return logs;
}

type Reading = ReadPathOptions & { readonly onSkip: (path: string, reason: string) => void };

async function readPath(path: string, options: Reading): Promise<RunLog[]> {
  const kind = await kindOf(path);
  if (kind === "directory") return readMany(path, await listFiles(path), options);
  if (kind === "file" || kind === "pipe")
    return readGroup({ source: path, files: [{ path, part: "" }], pipe: kind === "pipe" }, options);
  if (isGlob(path)) {
    const found = await matchGlob(path);
    if (found.length > 0) return readMany(path, found, options);
    throw new SteepestError("log-not-found", "no file matches", { where: path, help: "check the pattern" });
  }
  throw new SteepestError("log-not-found", "there is no such file or directory", {
    where: path,
    help: "check the path",
  });
}

/** Many files, of which some may be no logs at all; an error only when none is. */
async function readMany(root: string, files: readonly string[], options: Reading): Promise<RunLog[]> {
  const logs: RunLog[] = [];
  const reasons: string[] = [];
  const skip = (path: string, reason: string): void => {
    reasons.push(`${path}: ${reason}`);
    options.onSkip(path, reason);
  };
  for (const group of groupFiles(files)) {
    if (options.signal?.aborted) break;
    try {
      const read = await readGroup(group, options);
      const worth = read.filter(hasCurve);
      if (worth.length === 0) skip(group.source, "it holds no loss curve");
      logs.push(...worth);
    } catch (error) {
      if (!(error instanceof SteepestError)) throw error;
      skip(group.source, error.message);
    }
  }
  if (logs.length > 0) return dropPrefixes(logs);
  const shown = reasons.slice(0, 3).join("; ");
  const why =
    reasons.length === 0
      ? "it holds no file that could be a log"
      : `none of its ${reasons.length} files can be read (${shown})`;
  throw new SteepestError("no-logs-found", why, {
    where: root,
    help: "give the log file itself to see its own error",
  });
}

/** Prose and settings hold stray numbers: a curve has a loss at two places, or comes from a format that logs. */
function hasCurve(log: RunLog): boolean {
  const loose = log.format === "text" || log.format === "jsonl" || log.format === "csv";
  return log.series.some(
    (s) => (s.role === "loss" || s.role === "validation") && s.values.length > (loose ? 1 : 0),
  );
}

/** A file's bytes; throws once the signal is aborted. */
async function* untilStopped(
  bytes: AsyncIterable<Uint8Array>,
  signal: StopSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

async function readGroup(
  group: LogGroup & { readonly pipe?: boolean },
  { onSkip: _, signal, ...options }: Reading,
): Promise<RunLog[]> {
  const reader = createReader({ ...options, source: group.source });
  const notes: RunLog["notes"][number][] = [];
  for (const { path, part } of group.files) {
    if (signal?.aborted) break;
    if (group.files.length > 1) reader.nextPart(part);
    try {
      const stream = Readable.from(
        group.pipe
          ? readFifo(path, { signal })
          : untilStopped(createReadStream(path, { highWaterMark: CHUNK }), signal),
      );
      const bytes = await peek(stream);
      if (group.files.length === 1 && isDatabase(bytes.first)) {
        stream.destroy();
        return (await import("./node-sqlite.ts")).readSqlite(path, options);
      }
      const cut = await feed(reader, bytes, path);
      if (cut) notes.push({ id: "cut-gzip", text: `the compressed stream of ${path} breaks off: ${cut}` });
    } catch (error) {
      if (!signal?.aborted || error instanceof SteepestError) throw asLogError(error, path);
      notes.push({ id: "stopped", text: `reading was stopped within ${path}` });
    }
  }
  const facts = await hyperParameters(
    group.paramsFrom ?? dirname(group.files[0]!.path),
    group.files[0]!.path,
  );
  return reader
    .end()
    .map((log) => ({ ...log, notes: [...log.notes, ...notes], meta: { ...facts, ...log.meta } }));
}

async function kindOf(path: string): Promise<"file" | "pipe" | "directory" | null> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return "directory";
    if (found.isCharacterDevice() || found.isBlockDevice()) {
      throw new SteepestError("not-a-log", "this is a device, not a training log", {
        where: path,
        help: "give a file, a folder or a named pipe, or - for standard input",
      });
    }
    return found.isFIFO() ? "pipe" : "file";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw asLogError(error, path);
  }
}

function asLogError(error: unknown, path: string): unknown {
  if (error instanceof SteepestError || !(error instanceof Error) || !("code" in error)) return error;
  return new SteepestError("log-unreadable", `the file can't be read (${String(error.code)})`, {
    where: path,
    help: "check that it exists and that you may read it",
    cause: error,
  });
}
