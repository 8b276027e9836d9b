import * as fs from "node:fs";
import { dirname } from "node:path";

/** What may fail, so that tests can make it fail. */
export type FileSystem = Pick<
  typeof fs,
  | "closeSync" | "existsSync" | "fsyncSync" | "ftruncateSync" | "fstatSync" | "linkSync" | "mkdirSync" | "openSync"
  | "readFileSync" | "readSync" | "readdirSync" | "renameSync" | "rmSync" | "statSync" | "writeFileSync" | "writeSync"
>; // biome-ignore format: a list

/** Makes the folder and those above it. Node 20's own `recursive` never returns where the system refuses, as in /proc. */
export function makeFolders(
  path: string,
  io: Pick<FileSystem, "existsSync" | "mkdirSync" | "statSync"> = fs,
): void {
  const parent = dirname(path);
  if (parent !== path && !io.existsSync(parent)) makeFolders(parent, io);
  try {
    io.mkdirSync(path);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    if (!(exists && io.statSync(path, { throwIfNoEntry: false })?.isDirectory())) throw error;
  }
}
