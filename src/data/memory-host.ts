/** Files that are in memory already: what was dropped on a page, and what a test makes up. */
import { closest, SteepestError } from "../run/errors.ts";
import type { DataHost } from "./host.ts";

/** `chunkSize` bytes are handed over at a time. Strings are stored as UTF-8. */
export function memoryHost(
  files: Readonly<Record<string, Uint8Array | string>>,
  { chunkSize = 1 << 18 }: { chunkSize?: number } = {},
): DataHost {
  return {
    async open(path) {
      const file = Object.hasOwn(files, path) ? files[path]! : missing(path, Object.keys(files));
      const bytes = typeof file === "string" ? new TextEncoder().encode(file) : file;
      let at = 0;
      return new ReadableStream({
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          controller.enqueue(bytes.slice(at, at + chunkSize));
          at += chunkSize;
        },
      });
    },
    readPackageFile: async () => null,
  };
}

function missing(path: string, names: readonly string[]): never {
  const near = closest(path, names);
  throw new SteepestError("data-missing", `there is no file ${path}`, {
    help: near ? `did you mean ${near}?` : "check the path",
  });
}
