/** New data out of a file or standard input, its format read from its first bytes. */
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import type { ByteStream, DataHost } from "../data/index.ts";
import { nodeHost } from "../data/node-host.ts";
import { SteepestError } from "../run/errors.ts";
import { kindOf } from "./node-pictures.ts";
import type { RowFormat, RowSource } from "./read-rows.ts";

/** `-` is standard input. */
export async function openSource(path: string): Promise<RowSource> {
  const files = nodeHost();
  const shown = path === "-" ? "standard input" : path;
  const open = (file: string): Promise<ByteStream> =>
    file === "-" ? Promise.resolve(standardInput()) : files.open(file);
  const [head, whole] = await peek(await open(path));
  let first: ReadableStream<Uint8Array> | null = whole;
  const host: DataHost = {
    ...files,
    // the stream that was looked into is given once; files can be opened again
    open: (file) => {
      const stream = file === shown ? first : null;
      if (stream === null) return open(file);
      first = null;
      return Promise.resolve(stream);
    },
  };
  return { host, path: shown, format: formatOf(await unpacked(head), basename(path)) };
}

const standardInput = (): ReadableStream<Uint8Array> =>
  Readable.toWeb(process.stdin) as NodeStream<Uint8Array> as ReadableStream<Uint8Array>;

/** The first piece of a stream, and the whole of it as a stream again. */
async function peek(stream: ByteStream): Promise<[Uint8Array, ReadableStream<Uint8Array>]> {
  const reader = stream.getReader();
  const { value: head = new Uint8Array(0) } = await reader.read();
  const again = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (head.length > 0) controller.enqueue(head);
    },
    pull: async (controller) => {
      const { value } = await reader.read();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return [head, again];
}

/** The first bytes of a gzipped head; others as they are. */
async function unpacked(head: Uint8Array): Promise<Uint8Array> {
  if (head[0] !== 0x1f || head[1] !== 0x8b) return head;
  const packed = new ReadableStream<BufferSource>({
    pull: (controller) => controller.enqueue(head.slice()),
  });
  const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader();
  const { value = new Uint8Array(0) } = await reader.read();
  await reader.cancel().catch(() => {});
  return value;
}

function formatOf(head: Uint8Array, name: string): RowFormat {
  if (kindOf(head) !== null) {
    throw new SteepestError("image-format", "this is a picture, and rows are expected", {
      where: name,
      help: "predict takes pictures by their names: steepest predict RUN a.png b.png",
    });
  }
  const text = new TextDecoder()
    .decode(head.subarray(0, 64))
    .replace(/^\uFEFF/, "")
    .trimStart();
  if (head[0] === 0x93 && text.slice(1).startsWith("NUMPY")) return "npy";
  if (head[0] === 0 && head[1] === 0 && head[2]! >= 8 && head[2]! <= 14) return "idx";
  if (/^[[{]/.test(text) || /\.(jsonl|ndjson)(\.gz)?$/i.test(name)) return "jsonl";
  return "csv";
}
