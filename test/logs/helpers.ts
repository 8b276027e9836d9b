/** Small made logs for the tests, and the writers of the two binary formats. */
import { crc32, maskedCrc32c } from "../../src/logs/crc.ts";
import { createReader, type ReadOptions, type RunLog, readLog } from "../../src/logs/index.ts";

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Reads a text (or bytes) as a log named "made". */
export function read(input: string | Uint8Array, options: Partial<ReadOptions> = {}): Promise<RunLog[]> {
  return readLog(typeof input === "string" ? bytesOf(input) : input, { source: "made", ...options });
}

/** The same bytes, one or a few at a time. */
export function readInPieces(bytes: Uint8Array, size: number, options: Partial<ReadOptions> = {}): RunLog[] {
  const reader = createReader({ source: "made", ...options });
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.slice(at, at + size));
  return reader.end();
}

/** Role, name, steps and values of every series: what a test compares. */
export function curves(log: RunLog | undefined): Record<string, [number, number][]> {
  const out: Record<string, [number, number][]> = {};
  for (const s of log?.series ?? []) {
    out[`${s.role}:${s.name}`] = Array.from(s.steps, (step, i) => [step, s.values[i]!]);
  }
  return out;
}

export const noteIds = (log: RunLog | undefined): string[] => (log?.notes ?? []).map((n) => n.id);

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

// --- protobuf, just enough to write test data -------------------------------------------------------------

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return out;
}

export const field = {
  varint: (no: number, value: number): Uint8Array => Uint8Array.from([...varint(no * 8), ...varint(value)]),
  bytes: (no: number, value: Uint8Array): Uint8Array =>
    concat(Uint8Array.from([...varint(no * 8 + 2), ...varint(value.length)]), value),
  text: (no: number, value: string): Uint8Array => field.bytes(no, bytesOf(value)),
  float: (no: number, value: number): Uint8Array =>
    concat(
      Uint8Array.from(varint(no * 8 + 5)),
      raw(4, (v) => v.setFloat32(0, value, true)),
    ),
  double: (no: number, value: number): Uint8Array =>
    concat(
      Uint8Array.from(varint(no * 8 + 1)),
      raw(8, (v) => v.setFloat64(0, value, true)),
    ),
};

export function raw(size: number, write: (view: DataView) => void): Uint8Array {
  const out = new Uint8Array(size);
  write(new DataView(out.buffer));
  return out;
}

// --- event files ------------------------------------------------------------------------------------------

/** length | crc | data | crc */
export function eventRecord(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, maskedCrc32c(out, 0, 8), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(out, 12, 12 + data.length), true);
  return out;
}

export const eventVersion: Uint8Array = eventRecord(
  concat(field.double(1, 1.7e9), field.text(3, "brain.Event:2")),
);

export function eventOf(step: number, value: Uint8Array): Uint8Array {
  return eventRecord(
    concat(field.double(1, 1.7e9 + step), field.varint(2, step), field.bytes(5, field.bytes(1, value))),
  );
}

export function simpleScalar(step: number, tag: string, value: number): Uint8Array {
  return eventOf(step, concat(field.text(1, tag), field.float(2, value)));
}

const scalarsPlugin = field.bytes(9, field.bytes(1, field.text(1, "scalars")));

export function tensorScalar(step: number, tag: string, tensor: Uint8Array): Uint8Array {
  return eventOf(step, concat(field.text(1, tag), field.bytes(8, tensor), scalarsPlugin));
}

// --- .wandb -----------------------------------------------------------------------------------------------

/** Records into 32 KiB blocks, cut into fragments where they don't fit, as LevelDB's log does. */
export function wandbFile(records: readonly Uint8Array[]): Uint8Array {
  const out: number[] = [0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0];
  for (const record of records) {
    let at = 0;
    let first = true;
    do {
      let left = 32768 - (out.length % 32768);
      if (left < 7) {
        for (; left > 0; left--) out.push(0);
        left = 32768;
      }
      const size = Math.min(left - 7, record.length - at);
      const last = at + size === record.length;
      const type = first && last ? 1 : first ? 2 : last ? 4 : 3;
      const body = concat(Uint8Array.of(type), record.slice(at, at + size));
      const header = raw(6, (v) => {
        v.setUint32(0, crc32(body), true);
        v.setUint16(4, size, true);
      });
      for (const b of header) out.push(b);
      for (const b of body) out.push(b);
      at += size;
      first = false;
    } while (at < record.length);
  }
  return Uint8Array.from(out);
}

export function wandbHistory(values: Readonly<Record<string, string>>): Uint8Array {
  const items = Object.entries(values).map(([key, json]) =>
    field.bytes(1, concat(field.text(1, key), field.text(16, json))),
  );
  return field.bytes(2, concat(...items));
}
