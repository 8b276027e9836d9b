/** CRC-32 with a reflected polynomial: Castagnoli (event files) and IEEE (W&B's blocks). */

const CASTAGNOLI = makeTables(0x82f63b78);
const IEEE = makeTables(0xedb88320);

/** Four tables, so that four bytes go through at once. */
function makeTables(polynomial: number): Int32Array {
  const table = new Int32Array(1024);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? polynomial ^ (c >>> 1) : c >>> 1;
    table[n] = c;
  }
  for (let n = 0; n < 768; n++) {
    const c = table[n]!;
    table[n + 256] = table[c & 255]! ^ (c >>> 8);
  }
  return table;
}

function crc(table: Int32Array, bytes: Uint8Array, start: number, end: number): number {
  let c = -1;
  let i = start;
  for (const stop = end - 3; i < stop; i += 4) {
    c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    c =
      table[768 + (c & 255)]! ^
      table[512 + ((c >>> 8) & 255)]! ^
      table[256 + ((c >>> 16) & 255)]! ^
      table[c >>> 24]!;
  }
  for (; i < end; i++) c = table[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}

export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  return crc(CASTAGNOLI, bytes, start, end);
}

export function crc32(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  return crc(IEEE, bytes, start, end);
}

/** The rotated and shifted form in which event files store a CRC, so that a file of CRCs has good CRCs itself. */
export function maskedCrc32c(bytes: Uint8Array, start: number, end: number): number {
  const c = crc32c(bytes, start, end);
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
}
