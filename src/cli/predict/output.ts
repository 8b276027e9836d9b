/** Text to a file or to standard output, at the pace of the reader. */

import { once } from "node:events";
import { closeSync, openSync, writeSync } from "node:fs";
import { plainLines } from "../../run/plain.ts";
import { guard } from "../../train/node-run-folder.ts";

export interface Output {
  readonly write: (text: string) => Promise<void>;
  readonly close: () => void;
}

/** null is standard output. */
export function createOutput(path: string | null): Output {
  if (path === null) {
    return {
      write: async (text) => {
        if (!process.stdout.write(process.stdout.isTTY ? plainLines(text) : text))
          await once(process.stdout, "drain");
      },
      close: () => {},
    };
  }
  const file = guard(path, () => openSync(path, "w"));
  return {
    write: async (text) =>
      guard(path, () => {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      }),
    close: () => closeSync(file),
  };
}
