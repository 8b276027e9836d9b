import * as fs from "node:fs";
import { dirname } from "node:path";

/** What may fail, so that tests can make it fail. */
export type FileSystem = Pick<
  typeof fs,
  | "closeSync" | "existsSync" | "fsyncSync" | "ftruncateSync" | "fstatSync" | "linkSync" | "mkdirSync" | "openSync"
  | "readFileSync" | "readSync" | "readdirSync" | "renameSync" | "rmSync" | "statSync" | "writeFileSync" | "writeSync"
>; // biome-ignore format: a list

type FolderSystem = Pick<
  FileSystem,
  "closeSync" | "existsSync" | "fsyncSync" | "mkdirSync" | "openSync" | "statSync"
>;

/**
 * Makes the folder and those above it, so that their names outlast a power cut. Node 20's own `recursive` never returns
 * where the system refuses, as in /proc.
 */
export function makeFolders(path: string, io: FolderSystem = fs): void {
  const parent = dirname(path);
  if (parent !== path && !io.existsSync(parent)) makeFolders(parent, io);
  try {
    io.mkdirSync(path);
  } catch (error) {
    if (!isSystem(error, "EEXIST") || !io.statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw error;
    return;
  }
  try {
    syncFolder(parent, io);
  } catch (error) {
    // a folder that one may write into and not read can't be synced either
    if (!isSystem(error, "EACCES")) throw error;
  }
}

/** A name made, changed or removed in a folder has to reach the disk; Windows can't sync a folder and doesn't need to. */
export function syncFolder(
  path: string,
  io: Pick<FileSystem, "closeSync" | "fsyncSync" | "openSync"> = fs,
): void {
  if (process.platform === "win32") return;
  const folder = io.openSync(path, "r");
  try {
    io.fsyncSync(folder);
  } finally {
    io.closeSync(folder);
  }
}

const isSystem = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
