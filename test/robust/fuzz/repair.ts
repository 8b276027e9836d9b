/** Checksums and lengths made right again after damage, so that it reaches what lies behind them. */
import { crc32, maskedCrc32c } from "../../../src/logs/crc.ts";

export type Repair = (bytes: Uint8Array) => Uint8Array;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** TFRecord: length, its CRC, data, its CRC. A record that claims more than there is keeps what there is. */
export const repairEvents: Repair = (bytes) => {
  const out = bytes.slice();
  const view = viewOf(out);
  for (let at = 0; at + 16 <= out.length; ) {
    const claimed = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
    const size = Math.min(claimed, out.length - at - 16);
    view.setBigUint64(at, BigInt(size), true);
    view.setUint32(at + 8, maskedCrc32c(out, at, at + 8), true);
    view.setUint32(at + 12 + size, maskedCrc32c(out, at + 12, at + 12 + size), true);
    at += 16 + size;
  }
  return out;
};

/** W&B: after 7 bytes, blocks of 32 KiB of fragments: CRC, length of 16 bits, type, data. */
export const repairWandb: Repair = (bytes) => {
  const out = bytes.slice();
  const view = viewOf(out);
  for (let at = 7; at + 7 <= out.length; ) {
    const room = 32_768 - (at % 32_768);
    if (room < 7) {
      at += room;
      continue;
    }
    const size = Math.min(view.getUint16(at + 4, true), room - 7, out.length - at - 7);
    view.setUint16(at + 4, size, true);
    view.setUint32(at, crc32(out, at + 6, at + 7 + size), true);
    at += 7 + size;
  }
  return out;
};

/** The header's length of a safetensors file: up to the last bracket before the first zero byte. */
export const repairSafetensors: Repair = (bytes) => {
  const out = bytes.slice();
  if (out.length < 16) return out;
  const zero = out.indexOf(0, 8);
  const end = out.subarray(0, zero < 0 ? out.length : zero).lastIndexOf(0x7d);
  if (end >= 8) viewOf(out).setBigUint64(0, BigInt(end - 7), true);
  return out;
};

/** The length of an NPY header of version 1: up to its line end. */
export const repairNpy: Repair = (bytes) => {
  const out = bytes.slice();
  const end = out.indexOf(0x0a, 10);
  if (out.length >= 10 && end > 0) viewOf(out).setUint16(8, Math.min(65_535, end - 9), true);
  return out;
};

/** PNG: after 8 bytes, chunks of length (big-endian), type, data and the CRC of both. */
export const repairPng: Repair = (bytes) => {
  const out = bytes.slice();
  const view = viewOf(out);
  if (out[0] !== 0x89) return out;
  for (let at = 8; at + 12 <= out.length; ) {
    const size = Math.min(view.getUint32(at), out.length - at - 12);
    view.setUint32(at, size);
    view.setUint32(at + 8 + size, crc32(out, at + 4, at + 8 + size));
    at += 12 + size;
  }
  return out;
};
