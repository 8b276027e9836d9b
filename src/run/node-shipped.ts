/** Files that are shipped as they are, such as Python: at the same place in the sources and in the package. */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of a file or folder, by its path in the repository. The package's root is somewhere above this file, built or not. */
export function shipped(...path: readonly string[]): string {
  const inPackage = join(...path);
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const found = join(at, inPackage);
    if (statSync(found, { throwIfNoEntry: false }) !== undefined) return found;
    if (dirname(at) === at) throw new Error(`internal: ${inPackage} is missing from the package`);
  }
}
