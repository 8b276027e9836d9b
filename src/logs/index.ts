/**
 * Anybody's training log → RunLogs. Detected by content, read in pieces and in bounded memory; the core needs no
 * file system and runs in a page. Files and directories: `node-files.ts`.
 */

import { SteepestError } from "../run/errors.ts";
import type { RunLog } from "../run/log.ts";
import { joinBytes } from "./bytes.ts";
import { detectFormat, isEnough, makeHead } from "./detect.ts";
import type { FormatReader, LogReader, ReadOptions } from "./types.ts";

export type {
  LogFormat,
  LogNote,
  Objective,
  ReadColumn,
  Reading,
  Role,
  RunLog,
  Series,
} from "../run/log.ts";
export { seriesOf } from "../run/log.ts";
export { type ArraysOptions, type Curve, fromArrays } from "./from-arrays.ts";
export type { LogReader, ReadOptions } from "./types.ts";

/** A log to be fed as it grows. gzip is not taken here: `readLog` unpacks it. */
export function createReader(options: ReadOptions): LogReader {
  let reader: FormatReader | null = null;
  let head: Uint8Array = new Uint8Array(0);
  let part: string | null = null;

  const start = (complete: boolean): void => {
    const whole = makeHead(head, complete);
    if (isGzip(head)) {
      throw new SteepestError("gzip-stream", "a gzip stream can't be followed", {
        where: options.source,
        help: "unpack it first, for example `zcat file | steepest diagnose -`",
      });
    }
    reader = detectFormat(whole, options.source).make(options, whole);
    if (part !== null) reader.nextPart?.(part);
    reader.push(head);
    head = new Uint8Array(0);
  };

  return {
    push(bytes) {
      if (bytes.length === 0) return;
      if (reader) {
        reader.push(bytes);
        return;
      }
      const joined = new Uint8Array(head.length + bytes.length);
      joined.set(head);
      joined.set(bytes, head.length);
      head = joined;
      if (isEnough(head)) start(false);
    },
    nextPart(name = "") {
      if (!reader && head.length === 0) part = name;
      else {
        if (!reader) start(true);
        reader?.nextPart?.(name);
      }
    },
    snapshot() {
      if (reader) return reader.logs(false);
      // too early to settle on a format: what is here is read afresh each time
      const whole = completeLines(head);
      const early = makeHead(whole, true);
      if (early.lines.length === 0) return [];
      const trial = detectFormat(early, options.source).make(options, early);
      if (part !== null) trial.nextPart?.(part);
      trial.push(whole);
      return trial.logs(false);
    },
    end() {
      if (!reader) start(true);
      const logs = reader!.logs(true);
      if (logs.length > 0) return logs;
      throw new SteepestError("no-metrics", "this log holds no numbers to read", {
        where: options.source,
        help: "give a log with at least one logged step",
      });
    },
  };
}

/** Up to the last line end; all of it when it is binary (or UTF-16), which its reader frames itself. */
function completeLines(head: Uint8Array): Uint8Array {
  return head.includes(0) ? head : head.subarray(0, head.lastIndexOf(10) + 1);
}

/**
 * Reads a whole log. `gzip` is unpacked where its magic bytes are found.
 * @throws SteepestError naming the source when there is nothing to read.
 */
export async function readLog(
  input: Uint8Array | AsyncIterable<Uint8Array>,
  options: ReadOptions,
): Promise<RunLog[]> {
  const reader = createReader(options);
  const bytes = await peek(input instanceof Uint8Array ? once(input) : input);
  const cut = await feed(reader, bytes, options.source);
  const logs = reader.end();
  if (!cut) return logs;
  const note = { id: "cut-gzip", text: `the compressed stream breaks off: ${cut}` };
  return logs.map((log) => ({ ...log, notes: [...log.notes, note] }));
}

/** A stream whose beginning has been looked at. */
export interface Peeked {
  readonly first: Uint8Array;
  readonly rest: AsyncIterable<Uint8Array>;
}

/** Pushes all of a log, unpacked if need be; returns why a compressed stream broke off, or null. */
export async function feed(
  reader: LogReader,
  { first, rest }: Peeked,
  source: string,
): Promise<string | null> {
  if (!isGzip(first)) {
    reader.push(first);
    for await (const chunk of rest) reader.push(chunk);
    return null;
  }
  let any = false;
  try {
    for await (const chunk of gunzip(first, rest)) {
      any = true;
      reader.push(chunk);
    }
    return null;
  } catch (error) {
    if (error instanceof SteepestError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    if (any) return reason;
    throw new SteepestError("bad-gzip", "the gzip stream can't be unpacked", {
      where: source,
      help: "check the file with `gzip -t`",
      cause: error,
    });
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const piece = 1 << 20;
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}

/** The magic bytes of files that are told by their beginning: SQLite's are the longest. */
const HEAD = 16;

/** The first bytes, `HEAD` at least where there are so many, and what follows. */
export async function peek(input: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = input[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array(0);
  while (first.length < HEAD) {
    const next = await iterator.next();
    if (next.done) break;
    first = joinBytes(first, next.value);
  }
  return { first, rest: { [Symbol.asyncIterator]: () => iterator } };
}

async function* gunzip(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = rest[Symbol.asyncIterator]();
  let sentFirst = false;
  const packed = new ReadableStream<BufferSource>({
    async pull(controller) {
      if (!sentFirst) {
        sentFirst = true;
        controller.enqueue(first as Uint8Array<ArrayBuffer>);
        return;
      }
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value as Uint8Array<ArrayBuffer>);
    },
  });
  const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
