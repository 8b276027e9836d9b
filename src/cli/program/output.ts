/** What a program prints: passed on as it comes, and, in whole lines of either stream, to a reader. */
import { PassThrough, type Readable, type Writable } from "node:stream";

export interface Output {
  /** Lines of both streams in the order in which they were finished; ends when both have ended. */
  readonly lines: PassThrough;
}

/** A line longer than this goes on in pieces. */
const LONGEST = 1 << 20;

export function passOn(pairs: readonly { readonly from: Readable; readonly to: Writable }[]): Output {
  const lines = new PassThrough();
  // whoever reads the lines may leave early; the program goes on
  lines.on("error", () => {});
  let open = pairs.length;
  for (const { from, to } of pairs) {
    let rest: Buffer = Buffer.alloc(0);
    const take = (bytes: Buffer): boolean => {
      const end = Math.max(bytes.lastIndexOf(10), bytes.lastIndexOf(13)) + 1;
      if (end === 0 && rest.length + bytes.length < LONGEST) {
        rest = Buffer.concat([rest, bytes]);
        return true;
      }
      const whole = Buffer.concat([rest, bytes.subarray(0, end === 0 ? bytes.length : end)]);
      rest = Buffer.from(bytes.subarray(end === 0 ? bytes.length : end));
      return lines.destroyed || lines.write(whole);
    };
    from.on("data", (bytes: Buffer) => {
      const slow = [to.write(bytes) ? null : to, take(bytes) ? null : lines].filter((w) => w !== null);
      if (slow.length === 0) return;
      from.pause();
      void Promise.all(slow.map(drained)).then(() => from.resume());
    });
    from.once("close", () => {
      if (rest.length > 0 && !lines.destroyed) lines.write(Buffer.concat([rest, Buffer.from("\n")]));
      if (--open === 0) lines.end();
    });
  }
  return { lines };
}

const drained = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.once("drain", done);
    stream.once("close", done);
  });
