/** Files and packages under Node. */
import { open, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { closest, SteepestError } from "../run/errors.ts";
import { packageFolder } from "../run/node-package.ts";
import type { DataHost } from "./host.ts";

const CHUNK = 1 << 18;

/** Reads files relative to `base` (default: the working directory). */
export function nodeHost({ base = process.cwd() }: { base?: string } = {}): DataHost {
  return {
    async open(path) {
      const full = resolve(base, path);
      try {
        const file = await open(full);
        if ((await file.stat()).isDirectory()) {
          await file.close();
          throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
        }
        return new ReadableStream<Uint8Array>({
          async pull(controller) {
            const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK), 0, CHUNK);
            if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
            await file.close();
            controller.close();
          },
          cancel: () => file.close(),
        });
      } catch (cause) {
        throw await fileError(full, cause);
      }
    },
    async readPackageFile(packageName, path) {
      // The user's own installation first, then the one beside steepest.
      for (const from of [pathToFileURL(join(base, "_")).href, import.meta.url]) {
        const root = packageFolder(packageName, from);
        if (root) return readFile(join(root, path));
      }
      return null;
    },
  };
}

async function fileError(path: string, cause: unknown): Promise<unknown> {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR") {
    const near = closest(basename(path), await siblings(path));
    return new SteepestError("data-missing", `there is no file ${path}`, {
      help: near ? `did you mean ${near}?` : "check the path; it is relative to the run file",
      cause,
    });
  }
  if (code === "EISDIR") {
    return new SteepestError("data-unreadable", `${path} is a folder, not a file`, {
      help: "name a file inside it",
      cause,
    });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new SteepestError("data-unreadable", `${path} may not be read`, {
      help: "give yourself permission to read it",
      cause,
    });
  }
  return cause;
}

/** Names beside a path; none when its folder is missing too. */
async function siblings(path: string): Promise<string[]> {
  try {
    return await readdir(dirname(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return [];
    throw error;
  }
}
