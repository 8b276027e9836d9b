/** Bytes of a possibly gzipped file, read in order and in pieces of the caller's choosing. */
import { SteepestError } from "../run/errors.ts";
import type { ByteStream, DataHost } from "./host.ts";

export interface ByteReader {
  /** Exactly n bytes, or fewer at the end of the file. The result is the caller's own, at offset 0 of its buffer. */
  read(n: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Whatever comes next, or null at the end. */
  chunk(): Promise<Uint8Array | null>;
}

/** Opens a file, unpacking gzip (known by its first two bytes), hands a reader to `use`, and closes whatever happens. */
export async function withBytes<T>(
  host: DataHost,
  path: string,
  use: (reader: ByteReader) => Promise<T>,
): Promise<T> {
  const raw = streamReader(await host.open(path), path, "data-unreadable");
  const head = await raw.read(2);
  const gzipped = head[0] === 0x1f && head[1] === 0x8b;
  const joined = asStream(head, raw);
  const reader = gzipped
    ? streamReader(joined.pipeThrough(new DecompressionStream("gzip")), path, "data-gzip")
    : streamReader(joined, path, "data-unreadable");
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}

interface ClosableReader extends ByteReader {
  close(): Promise<void>;
}

function streamReader(
  stream: ByteStream,
  path: string,
  failure: "data-gzip" | "data-unreadable",
): ClosableReader {
  const reader = stream.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  let ended = false;
  const pull = async (): Promise<Uint8Array | null> => {
    try {
      const { value } = await reader.read();
      ended = value === undefined;
      return value ?? null;
    } catch (cause) {
      ended = true;
      if (cause instanceof SteepestError) throw cause;
      const what =
        failure === "data-gzip" ? "the gzip data is damaged or cut short" : "reading stopped with an error";
      throw new SteepestError(failure, `${what}: ${(cause as Error).message}`, {
        where: path,
        help:
          failure === "data-gzip"
            ? "fetch the file again, or check it with gzip -t"
            : "check the disk or the connection",
        cause,
      });
    }
  };
  return {
    async chunk() {
      if (rest.length === 0) return pull();
      const kept = rest;
      rest = new Uint8Array(0);
      return kept;
    },
    async read(n) {
      const out = new Uint8Array(n);
      let filled = 0;
      while (filled < n) {
        if (rest.length === 0) {
          const next = await pull();
          if (!next) return out.slice(0, filled);
          rest = next;
        }
        const part = rest.subarray(0, n - filled);
        out.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
      }
      return out;
    },
    async close() {
      if (!ended) await reader.cancel();
    },
  };
}

/** The bytes already taken and the rest of the reader, as a stream again. */
function asStream(
  head: Uint8Array<ArrayBuffer>,
  rest: ClosableReader,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start: (controller) => {
      if (head.length > 0) controller.enqueue(head);
    },
    async pull(controller) {
      const next = await rest.chunk();
      if (next) controller.enqueue(next as Uint8Array<ArrayBuffer>);
      else controller.close();
    },
    cancel: () => rest.close(),
  });
}
