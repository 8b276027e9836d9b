/**
 * Checksums in a checkpoint's metadata, as JSON: `crc32`, one of each tensor's bytes by name, and `headerCrc32`, of the
 * header and its length with its own digits as zeros. CRC-32 is what Python's zlib has; it finds every flipped bit.
 */
import { crc32 } from "../logs/crc.ts";

const hex = (crc: number): string => crc.toString(16).padStart(8, "0");
const ZEROS = "00000000";

/** What the metadata gets before the file is written; `sealHeader` completes it. */
export function checksumsOf(
  tensors: readonly { readonly name: string; readonly values: ArrayBufferView }[],
): Record<"crc32" | "headerCrc32", string> {
  const crcs = tensors.map(({ name, values: { buffer, byteOffset, byteLength } }) => [
    name,
    hex(crc32(new Uint8Array(buffer, byteOffset, byteLength))),
  ]);
  return { crc32: JSON.stringify(Object.fromEntries(crcs)), headerCrc32: JSON.stringify(ZEROS) };
}

/** Sets the header's checksum. `length`: bytes of the header after the eight of its length. */
export function sealHeader(bytes: Uint8Array, length: number): void {
  const at = placeOfCrc(bytes.subarray(0, 8 + length));
  if (at === null) return;
  bytes.set(new TextEncoder().encode(hex(crc32(bytes, 0, 8 + length))), at);
}

/** Where the digits of the header's checksum stand; inside other values quotes are escaped, so that none is taken for it. */
function placeOfCrc(header: Uint8Array): number | null {
  const key = new TextEncoder().encode('"headerCrc32":"\\"');
  for (let at = header.indexOf(key[0]!); at >= 0; at = header.indexOf(key[0]!, at + 1))
    if (key.every((byte, i) => header[at + i] === byte)) return at + key.length;
  return null;
}

/** What of a file is not as it was written; null where all is, and for files without checksums. */
export function damageIn(
  bytes: Uint8Array,
  length: number,
  metadata: Readonly<Record<string, unknown>>,
  tensors: Iterable<{ readonly name: string; readonly from: number; readonly to: number }>,
): string | null {
  const { crc32: listed, headerCrc32: sealed } = metadata;
  if (listed === undefined && sealed === undefined) return null;
  const header = Uint8Array.from(bytes.subarray(0, 8 + length)); // a Buffer's own slice is no copy
  const at = placeOfCrc(header);
  if (at === null || typeof listed !== "string") return "its header";
  const written = new TextDecoder().decode(header.subarray(at, at + ZEROS.length));
  header.fill(0x30, at, at + ZEROS.length);
  if (hex(crc32(header)) !== written) return "its header";
  const crcs = new Map(Object.entries(JSON.parse(listed) as Record<string, string>));
  for (const { name, from, to } of tensors)
    if (hex(crc32(bytes, 8 + length + from, 8 + length + to)) !== crcs.get(name)) return `tensor "${name}"`;
  return null;
}
