/** A folder to build the site in. It lies in the project, because typedoc seeks pages below the folder that all of them share. */
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cache = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));

/** Makes a new empty folder, which the caller removes. */
export function scratchFolder(): string {
  mkdirSync(cache, { recursive: true });
  return mkdtempSync(join(cache, "steepest-site-"));
}
