/** Packages that steepest uses where they are installed. */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { SteepestError } from "./errors.ts";

/** The root folder of a package, seen from the module at `from` (a `file:` URL), or null where it is not installed. */
export function packageFolder(name: string, from: string): string | null {
  try {
    return dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}

/**
 * What `load` imports of an optional package. Throws `package-missing` with the remedy where it was left out at
 * installation; `what` needs it, such as "a PNG picture".
 */
export async function optionalPackage<T>(name: string, what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (!/^(?:ERR_)?MODULE_NOT_FOUND$/.test(code) || !message.includes(`'${name}`)) throw cause;
    throw new SteepestError("package-missing", `${what} needs the package ${name}, which is not installed`, {
      help: `run npm install ${name}`,
      cause,
    });
  }
}
