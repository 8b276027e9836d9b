import * as fs from "node:fs";
import { dirname } from "node:path";

/** Makes the folder and those above it. Node 20's own `recursive` never returns where the system refuses, as in /proc. */
export function makeFolders(path: string, io: Pick<typeof fs, "existsSync" | "mkdirSync"> = fs): void {
  const parent = dirname(path);
  if (parent !== path && !io.existsSync(parent)) makeFolders(parent, io);
  try {
    io.mkdirSync(path);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    if (!(exists && fs.statSync(path, { throwIfNoEntry: false })?.isDirectory())) throw error;
  }
}
