/** The project's fixed files: src/handoff/templates, in the sources and in the package alike. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = join("src", "handoff", "templates");

export function readTemplates(): ReadonlyMap<string, string> {
  const folder = templateFolder();
  const names = readdirSync(folder).filter((name) => /\.(py|md|slurm|yaml)$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** The package's root is somewhere above this file, built or not. */
function templateFolder(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const folder = join(at, FOLDER);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder;
    if (dirname(at) === at) throw new Error(`internal: ${FOLDER} is missing from the package`);
  }
}
