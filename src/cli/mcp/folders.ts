/** Folders that a client may name paths in. Symbolic links count by where they lead. */
import { lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { isGlob } from "../../logs/node-list.ts";
import { SteepestError } from "../../run/errors.ts";

export interface Folders {
  /** Relative paths count from it; a real path. */
  readonly first: string;
  /**
   * The real path of what is named; what does not exist yet counts by the folder that it would be made in.
   * @throws SteepestError when it lies outside.
   */
  readonly inside: (path: string) => string;
  /** As `inside`; a pattern counts by its fixed part: what it finds lies below that, and no links are followed. */
  readonly pattern: (pattern: string) => string;
  /** As it is shown: from the first folder where that is shorter. */
  readonly show: (path: string) => string;
}

/** @throws SteepestError for what is no folder. */
export function allowFolders(names: readonly string[]): Folders {
  const roots = names.map(folderAt);
  const first = roots[0]!;
  const inside = (path: string): string => {
    const real = realOf(resolve(first, path), path);
    if (roots.some((root) => real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)))
      return real;
    throw new SteepestError("outside", "the path lies outside the folders that this server may use", {
      where: path,
      help: `name a path in ${roots.join(" or ")}, or start the server with --allow for more`,
    });
  };
  return {
    first,
    inside,
    pattern(pattern) {
      const parts = pattern.split("/");
      const wild = parts.findIndex(isGlob);
      if (wild < 0) return inside(pattern);
      const base = inside(parts.slice(0, wild).join("/") || (pattern.startsWith("/") ? "/" : "."));
      if (!isGlob(base)) return [base, ...parts.slice(wild)].join("/");
      throw new SteepestError(
        "bad-pattern",
        "a pattern can't begin in a folder whose name holds * ? { or [",
        {
          where: base,
          help: "name the files or their folder",
        },
      );
    },
    show: (path) => {
      const short = relative(first, path);
      return short === "" || short.startsWith("..") ? path : short;
    },
  };
}

function folderAt(name: string): string {
  try {
    const real = realpathSync(name);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
  throw new SteepestError("no-folder", "--allow names no folder", {
    where: name,
    help: "name a folder that exists and that you may read",
  });
}

/** Through all links; the part that does not exist is kept as it is. */
/** Characters of a path in a message. */
const MAX_SHOWN = 200;

function realOf(path: string, named: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const unreadable = new SteepestError("unreadable", `the path can't be followed (${String(error.code)})`, {
      where: named.length > MAX_SHOWN ? `${named.slice(0, MAX_SHOWN)}…` : named,
      help: "check the path",
      cause: error,
    });
    if (error.code !== "ENOENT") throw unreadable;
    const above = dirname(path);
    // a link that leads to nothing yet would be written through
    const link = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (above !== path && !link) return join(realOf(above, named), basename(path));
    throw unreadable;
  }
}
