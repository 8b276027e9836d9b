/**
 * Paths → RunLogs: files, directories, globs and standard input. Node only.
 * Event files of one directory are one run.
 */
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { SteepestError } from "../run/errors.ts";
import type { RunLog } from "../run/log.ts";
import { createReader, feed, type ReadOptions, readLog } from "./index.ts";

export type ReadPathOptions = Omit<ReadOptions, "source">;

const CHUNK = 1 << 20;

/** @throws SteepestError naming the path and the reason. */
export async function readLogPaths(
  paths: readonly string[],
  options: ReadPathOptions = {},
): Promise<RunLog[]> {
  const logs: RunLog[] = [];
  for (const path of paths) logs.push(...(await readOne(path, options)));
  return logs;
}

async function readOne(path: string, options: ReadPathOptions): Promise<RunLog[]> {
  if (path === "-") return readLog(process.stdin, { ...options, source: "-" });
  const info = await statOrNull(path);
  if (info?.isDirectory()) return readDirectory(path, options);
  if (!info) throw notFound(path);
  return readFile(path, options);
}

function notFound(path: string): SteepestError {
  return new SteepestError("log-not-found", "there is no such file or directory", {
    where: path,
    help: "check the path",
  });
}

async function readFile(path: string, options: ReadPathOptions): Promise<RunLog[]> {
  return readLog(createReadStream(path, { highWaterMark: CHUNK }), { ...options, source: path });
}

async function readDirectory(root: string, options: ReadPathOptions): Promise<RunLog[]> {
  const groups = new Map<string, string[]>();
  for (const path of await listFiles(root)) {
    const key = isEventFile(path) ? dirname(path) : path;
    groups.set(key, [...(groups.get(key) ?? []), path]);
  }
  const logs: RunLog[] = [];
  for (const [key, files] of groups) {
    if (isEventFile(files[0]!)) logs.push(...(await readEventFiles(key, files, options)));
    else logs.push(...(await readFile(files[0]!, options)));
  }
  return logs;
}

async function readEventFiles(
  directory: string,
  files: readonly string[],
  options: ReadPathOptions,
): Promise<RunLog[]> {
  const reader = createReader({ ...options, source: files.length === 1 ? files[0]! : directory });
  for (const [i, file] of files.entries()) {
    if (i > 0) reader.nextPart();
    await feed(reader, createReadStream(file, { highWaterMark: CHUNK }), file);
  }
  return reader.end();
}

async function listFiles(root: string): Promise<string[]> {
  const out: string[] = [];
  const entries = (await readdir(root, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) out.push(...(await listFiles(path)));
    else if (entry.isFile() && mayBeLog(entry.name)) out.push(path);
  }
  return out;
}

const LOG_EXTENSIONS = new Set([
  ".csv",
  ".tsv",
  ".jsonl",
  ".ndjson",
  ".json",
  ".log",
  ".txt",
  ".out",
  ".wandb",
  ".gz",
]);

function mayBeLog(name: string): boolean {
  return isEventFile(name) || LOG_EXTENSIONS.has(extname(name));
}

function isEventFile(path: string): boolean {
  return basename(path).includes("tfevents");
}

async function statOrNull(path: string): Promise<Awaited<ReturnType<typeof stat>> | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
