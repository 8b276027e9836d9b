/**
 * Text in whatever encoding → UTF-8 bytes. Decided once: by byte-order mark, by the zero bytes of UTF-16, or at
 * the first byte above 127, where bytes that are no UTF-8 are read as GB 18030 (a superset of GBK) or Latin 1.
 */
export interface Utf8Stream {
  push(bytes: Uint8Array): Uint8Array;
  /** Bytes held back in the middle of a character. */
  end(): Uint8Array;
  readonly encoding: string;
}

const EMPTY = new Uint8Array(0);

export function createUtf8Stream(): Utf8Stream {
  let encoding = "";
  let decoder: TextDecoder | null = null;
  let started = false;
  const encoder = new TextEncoder();
  const transcode = (name: string): void => {
    encoding = name;
    decoder = new TextDecoder(name);
  };
  return {
    push(bytes) {
      if (!started && bytes.length > 0) {
        started = true;
        const wide = utf16Of(bytes);
        if (wide) transcode(wide);
        else if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
          encoding = "utf-8";
          return bytes.subarray(3);
        }
      }
      if (encoding === "" && hasHighByte(bytes)) {
        const found = narrowEncodingOf(bytes);
        if (found === "utf-8") encoding = found;
        else transcode(found);
      }
      return decoder ? encoder.encode(decoder.decode(bytes, { stream: true })) : bytes;
    },
    end: () => (decoder ? encoder.encode(decoder.decode()) : EMPTY),
    get encoding() {
      return encoding || "utf-8";
    },
  };
}

function utf16Of(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const n = Math.min(bytes.length, 512) & ~1;
  if (n < 8) return null;
  let even = 0;
  let odd = 0;
  for (let i = 0; i < n; i += 2) {
    if (bytes[i] === 0) even++;
    if (bytes[i + 1] === 0) odd++;
  }
  if (odd > n * 0.4 && even === 0) return "utf-16le";
  if (even > n * 0.4 && odd === 0) return "utf-16be";
  return null;
}

/** Four bytes at a time where the memory is aligned: every chunk of a plain ASCII log passes here. */
function hasHighByte(bytes: Uint8Array): boolean {
  let i = 0;
  while (i < bytes.length && (bytes.byteOffset + i) % 4 !== 0) if (bytes[i++]! > 127) return true;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + i, (bytes.length - i) >> 2);
  for (let w = 0; w < words.length; w++) if ((words[w]! & 0x80808080) !== 0) return true;
  for (i += words.length * 4; i < bytes.length; i++) if (bytes[i]! > 127) return true;
  return false;
}

function narrowEncodingOf(bytes: Uint8Array): string {
  for (const name of ["utf-8", "gb18030"]) {
    try {
      new TextDecoder(name, { fatal: true }).decode(bytes, { stream: true });
      return name;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return "windows-1252";
}
