/** A log file that grows, or is written anew: each look reads what has come since the last. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { createReader, type ReadOptions, type RunLog } from "../../logs/index.ts";
import { refusePipe } from "../../logs/node-fifo.ts";

export interface Tail {
  /**
   * Reads on, or a file written anew from its beginning; false when it has not changed. Given `maxChunks`, the next look goes on
   * behind so many MB. Throws what the system or the reader says.
   */
  readonly look: (maxChunks?: number) => false | "more" | "anew";
  /** What has been read so far. */
  readonly logs: () => RunLog[];
  /** The next look reads from the beginning. */
  readonly restart: () => void;
}

const CHUNK = 1 << 20;
/** Bytes before the place read up to that must still be there, else the file was written anew. */
const KEPT = 64;

export function createTail(path: string, options: Omit<ReadOptions, "source">): Tail {
  let reader = createReader({ ...options, source: path });
  let at = 0;
  let end = Buffer.alloc(0);
  let seen = "";
  const restart = (): void => {
    reader = createReader({ ...options, source: path });
    at = 0;
    end = Buffer.alloc(0);
  };
  const read = (maxChunks: number): "more" | "anew" => {
    let found: "more" | "anew" = "more";
    const file = openSync(path, "r");
    try {
      const check = Buffer.alloc(end.length);
      if (readSync(file, check, 0, end.length, at - end.length) < end.length || !check.equals(end)) {
        restart();
        found = "anew";
      }
      const buffer = Buffer.alloc(CHUNK);
      for (let chunk = 0; chunk < maxChunks; chunk++) {
        const count = readSync(file, buffer, 0, CHUNK, at);
        if (count === 0) return found;
        at += count;
        const bytes = Buffer.from(buffer.subarray(0, count));
        end = Buffer.concat([end, bytes]).subarray(-KEPT);
        reader.push(bytes);
      }
      seen = "";
      return found;
    } finally {
      closeSync(file);
    }
  };
  return {
    look(maxChunks = Number.POSITIVE_INFINITY) {
      const { size, mtimeMs, ino } = statSync(path);
      refusePipe(path);
      const now = `${size} ${mtimeMs} ${ino}`;
      if (now === seen) return false;
      seen = now;
      return read(maxChunks);
    },
    logs: () => reader.snapshot(),
    restart,
  };
}
