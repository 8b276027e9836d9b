/** A PyTorch project on disk. */
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { SteepestError } from "../run/errors.ts";
import { makeFolders } from "../run/node-folder.ts";
import type { BuiltRun } from "../train/index.ts";
import { guard } from "../train/node-run-folder.ts";
import { readTemplates } from "./node-templates.ts";
import { torchProject } from "./project.ts";

/**
 * Writes the project and returns its files' paths, relative to the folder. Old files of the same names are replaced.
 * `initial` off keeps the first state that is there: the run stands somewhere else by now.
 */
export function writeTorchProject(
  built: BuiltRun,
  folder: string,
  { initial = true }: { initial?: boolean } = {},
): readonly string[] {
  const files = torchProject(built, readTemplates());
  return guard(folder, () => {
    for (const [name, content] of files) {
      if (name === "initial.safetensors" && !initial) continue;
      const path = join(folder, name);
      makeFolders(dirname(path));
      const file = fs.openSync(path, "w");
      try {
        for (const piece of typeof content === "string" ? [Buffer.from(content)] : content)
          for (let at = 0; at < piece.length; ) at += fs.writeSync(file, piece, at);
      } finally {
        fs.closeSync(file);
      }
    }
    return [...files.keys()];
  });
}

/** Refuses a folder that holds anything: an export must not mix with other files. */
export function requireEmptyFolder(folder: string): void {
  guard(folder, () => {
    if (!fs.existsSync(folder)) return;
    if (!fs.statSync(folder).isDirectory()) {
      throw new SteepestError("export-folder", `${folder} is a file`, { help: "choose a folder with --out" });
    }
    if (fs.readdirSync(folder).length > 0) {
      throw new SteepestError("export-folder", `the folder ${folder} is not empty`, {
        help: "choose another one with --out, or empty it",
      });
    }
  });
}
