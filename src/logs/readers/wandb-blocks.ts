/**
 * The framing of a `.wandb` file: LevelDB log blocks of 32 KiB, each fragment `crc | length | type | data`.
 * The checksum is plain CRC-32 over type and data, although W&B's own comment calls it CRC-32C.
 */
import { joinBytes } from "../bytes.ts";
import { crc32 } from "../crc.ts";

export const FILE_HEADER = 7;
const BLOCK = 32768;
const FRAGMENT_HEADER = 7;
const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];
const MAX_RECORD = 64 << 20;

export interface BlockReader {
  push(bytes: Uint8Array): void;
  /** Fragments that failed their checksum, and where the first one is. */
  readonly damaged: { count: number; at: number };
  /** Bytes of an unfinished fragment or record at the end. */
  readonly open: boolean;
}

/** Fragments → records. */
interface Assembler {
  readonly fragment: (type: number, data: Uint8Array) => void;
  /** What has come of a record is given up. */
  readonly drop: () => void;
  readonly open: () => boolean;
}

function createAssembler(onRecord: (record: Uint8Array) => void): Assembler {
  let parts: Uint8Array[] = [];
  let size = 0;
  const fragment = (type: number, data: Uint8Array): void => {
    if (type === FULL) {
      parts = [];
      onRecord(data);
      return;
    }
    if (type === FIRST) {
      parts = [];
      size = 0;
    } else if (parts.length === 0) return; // its beginning was damaged
    size += data.length;
    if (size > MAX_RECORD) {
      parts = [];
      return;
    }
    parts.push(data.slice());
    if (type !== LAST && type !== MIDDLE && type !== FIRST) parts = [];
    if (type !== LAST) return;
    const whole = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    parts = [];
    onRecord(whole);
  };

  return {
    fragment,
    drop: () => {
      parts = [];
    },
    open: () => parts.length > 0,
  };
}

export function createBlockReader(onRecord: (record: Uint8Array) => void): BlockReader {
  let carry: Uint8Array = new Uint8Array(0);
  let offset = 0;
  let toSkip = FILE_HEADER;
  const records = createAssembler(onRecord);
  const damaged = { count: 0, at: 0 };

  return {
    push(chunk) {
      const bytes = joinBytes(carry, chunk);
      let at = 0;
      for (;;) {
        if (toSkip > 0) {
          const skipped = Math.min(toSkip, bytes.length - at);
          toSkip -= skipped;
          at += skipped;
          if (toSkip > 0) break;
        }
        const leftInBlock = BLOCK - ((offset + at) % BLOCK);
        if (leftInBlock < FRAGMENT_HEADER) {
          toSkip = leftInBlock;
          continue;
        }
        if (at + FRAGMENT_HEADER > bytes.length) break;
        const length = bytes[at + 4]! | (bytes[at + 5]! << 8);
        const type = bytes[at + 6]!;
        const end = at + FRAGMENT_HEADER + length;
        const padding = type === 0 && length === 0;
        if (!padding && length + FRAGMENT_HEADER <= leftInBlock && end > bytes.length) break;
        const stored =
          (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
        if (padding || length + FRAGMENT_HEADER > leftInBlock || crc32(bytes, at + 6, end) !== stored) {
          if (!padding && damaged.count++ === 0) damaged.at = offset + at;
          records.drop();
          toSkip = leftInBlock; // the next block begins a fragment again
          continue;
        }
        records.fragment(type, bytes.subarray(at + FRAGMENT_HEADER, end));
        at = end;
      }
      offset += at;
      carry = bytes.slice(at);
    },
    damaged,
    get open() {
      return carry.length > 0 || records.open();
    },
  };
}
