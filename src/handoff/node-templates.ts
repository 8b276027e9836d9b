/** Python and other files that are shipped as they are: under src/handoff, in the sources and in the package alike. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's fixed files. */
export function readTemplates(): ReadonlyMap<string, string> {
  const folder = shippedFolder("templates");
  const names = readdirSync(folder).filter((name) => /\.(py|md|slurm|yaml)$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** A folder of src/handoff. The package's root is somewhere above this file, built or not. */
export function shippedFolder(name: string): string {
  const inPackage = join("src", "handoff", name);
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const folder = join(at, inPackage);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder;
    if (dirname(at) === at) throw new Error(`internal: ${inPackage} is missing from the package`);
  }
}
