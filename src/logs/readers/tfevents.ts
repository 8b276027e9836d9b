/**
 * TensorBoard event files: length | crc(length) | event | crc(event), each event a protobuf message.
 * Scalars come as `simple_value` (PyTorch, Lightning, old Keras) or as a rank-0 tensor (TensorFlow 2).
 */

import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { SteepestError } from "../../run/errors.ts";
import { joinBytes } from "../bytes.ts";
import { maskedCrc32c } from "../crc.ts";
import { finishRuns } from "../finish.ts";
import { Recorder } from "../recorder.ts";
import { DEFAULT_POINTS, type Format, type FormatReader, type ReadOptions } from "../types.ts";
import { createTagTable, type TagTable } from "./tfevents-tags.ts";
import { scalarOfTensor } from "./tfevents-tensor.ts";

const HEADER = 12;
const FOOTER = 4;
/** No scalar is larger: graphs and images are stepped over without being held. */
const MAX_RECORD = 4 << 20;

function createTfevents(options: ReadOptions): FormatReader {
  const recorder = new Recorder(options.maxPoints ?? DEFAULT_POINTS);
  let prefix = "";
  let tags = createTagTable(recorder, prefix);
  let carry: Uint8Array = new Uint8Array(0);
  let toSkip = 0;
  let offset = 0;
  let lost = false;
  const damage = createDamage(recorder);

  const push = (chunk: Uint8Array): void => {
    if (lost) return;
    let bytes = chunk;
    if (toSkip > 0) {
      const skipped = Math.min(toSkip, bytes.length);
      toSkip -= skipped;
      offset += skipped;
      bytes = bytes.subarray(skipped);
    }
    bytes = joinBytes(carry, bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const reader = new BinaryReader(bytes);
    let at = 0;
    while (at + HEADER <= bytes.length) {
      if (maskedCrc32c(bytes, at, at + 8) !== view.getUint32(at + 8, true)) {
        lost = true;
        recorder.note(
          "corrupt-record",
          `the length at byte ${offset + at} fails its checksum: reading stops there`,
        );
        return;
      }
      const length = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
      const end = at + HEADER + length + FOOTER;
      if (end > bytes.length) {
        if (length <= MAX_RECORD) break;
        toSkip = end - bytes.length;
        at = bytes.length;
        break;
      }
      const dataEnd = end - FOOTER;
      if (maskedCrc32c(bytes, at + HEADER, dataEnd) !== view.getUint32(dataEnd, true)) damage.at(offset + at);
      else if (!readEvent(reader, bytes, at + HEADER, dataEnd, tags, recorder)) damage.at(offset + at);
      at = end;
    }
    offset += at;
    carry = at < bytes.length ? bytes.slice(at) : new Uint8Array(0);
  };

  const cut = (): void => {
    if (lost || (carry.length === 0 && toSkip === 0)) return;
    recorder.note(
      "cut-record",
      `the file ends in the middle of a record at byte ${offset}: a live run, or a cut copy`,
    );
  };

  return {
    push,
    nextPart(name) {
      cut();
      if (name !== prefix) {
        prefix = name;
        tags = createTagTable(recorder, prefix);
        recorder.backToFirstRun();
      }
      carry = new Uint8Array(0);
      toSkip = 0;
      offset = 0;
      lost = false;
    },
    logs(final) {
      if (final) {
        cut();
        damage.note();
      }
      return finishRuns(recorder, { final, format: "tfevents", options });
    },
  };
}

/** Counts records that are left out, and says so. */
function createDamage(recorder: Recorder): {
  readonly at: (byte: number) => void;
  readonly note: () => void;
} {
  let count = 0;
  let first = 0;
  return {
    at(byte) {
      if (count++ === 0) first = byte;
    },
    note() {
      if (count > 0)
        recorder.note(
          "corrupt-record",
          `${count} records fail their checksum and were left out, the first at byte ${first}`,
        );
    },
  };
}

/** False when the message does not parse. `reader` spans all of `bytes`, so nothing is allocated per event. */
function readEvent(
  reader: BinaryReader,
  bytes: Uint8Array,
  start: number,
  end: number,
  tags: TagTable,
  recorder: Recorder,
): boolean {
  try {
    reader.pos = start;
    let step = 0;
    let summary = -1;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 16) step = smallVarint(reader, bytes);
      else if (tag === 42) {
        const length = reader.uint32();
        summary = reader.pos;
        reader.pos += length;
        if (reader.pos > end) return false;
      } else reader.skip(tag & 7, tag >>> 3);
    }
    if (reader.pos !== end) return false;
    if (summary < 0) return true;
    // the summary is the last field of an event that has one, or ends before `end` all the same
    reader.pos = summary;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag !== 10) {
        reader.skip(tag & 7, tag >>> 3);
        continue;
      }
      const length = reader.uint32();
      if (reader.pos + length > end) return false;
      if (!readValue(reader, bytes, reader.pos + length, step, tags, recorder)) return false;
    }
    return true;
  } catch (error) {
    // BinaryReader throws plain and range errors on bytes that are no message
    if (error instanceof TypeError || error instanceof SteepestError) throw error;
    return false;
  }
}

/** False when a field claims more bytes than the message around it holds. */
function readValue(
  reader: BinaryReader,
  bytes: Uint8Array,
  end: number,
  step: number,
  tags: TagTable,
  recorder: Recorder,
): boolean {
  let tagStart = 0;
  let tagEnd = 0;
  let value: number | undefined;
  let tensorStart = -1;
  let tensorEnd = 0;
  let metadataStart = -1;
  let metadataEnd = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) {
      const length = reader.uint32();
      tagStart = reader.pos;
      tagEnd = reader.pos += length;
    } else if (tag === 21) value = reader.float();
    else if (tag === 66) {
      const length = reader.uint32();
      tensorStart = reader.pos;
      tensorEnd = reader.pos += length;
    } else if (tag === 74) {
      const length = reader.uint32();
      metadataStart = reader.pos;
      metadataEnd = reader.pos += length;
    } else reader.skip(tag & 7, tag >>> 3);
  }
  // every declared length is checked before the bytes it claims are looked at
  if (reader.pos !== end) return false;
  const entry = tags.find(bytes, tagStart, tagEnd);
  if (metadataStart >= 0 && !entry.plugin)
    entry.plugin = pluginName(bytes.subarray(metadataStart, metadataEnd));
  if (tensorStart >= 0 && (!entry.plugin || entry.plugin === "scalars")) {
    value ??= scalarOfTensor(bytes.subarray(tensorStart, tensorEnd));
  }
  if (value === undefined) return true;
  if (entry.series === -2) entry.series = recorder.series(entry.name);
  recorder.at(entry.series, step, value);
  return true;
}

/** An int64 that fits a double; four bytes or fewer take the cheap path. */
function smallVarint(reader: BinaryReader, bytes: Uint8Array): number {
  const { pos } = reader;
  for (let i = 0; i < 4; i++) if (bytes[pos + i]! < 128) return reader.uint32();
  return Number(reader.int64());
}

/** SummaryMetadata.plugin_data.plugin_name */
function pluginName(metadata: Uint8Array): string {
  const reader = new BinaryReader(metadata);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field !== 1 || type !== WireType.LengthDelimited) {
      reader.skip(type, field);
      continue;
    }
    const plugin = new BinaryReader(reader.bytes());
    while (plugin.pos < plugin.len) {
      const [inner, innerType] = plugin.tag();
      if (inner === 1 && innerType === WireType.LengthDelimited) return plugin.string();
      plugin.skip(innerType, inner);
    }
  }
  return "";
}

export const tfevents: Format = {
  name: "tfevents",
  about: "event files of TensorBoard",
  detect({ bytes }) {
    if (bytes.length < HEADER) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (maskedCrc32c(bytes, 0, 8) === view.getUint32(8, true)) return true;
    // a damaged first record still names its version
    return new TextDecoder("latin1").decode(bytes.subarray(0, 64)).includes("brain.Event:");
  },
  make: createTfevents,
};
