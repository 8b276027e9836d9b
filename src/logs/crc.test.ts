import { expect, test } from "vitest";
import { crc32, crc32c, maskedCrc32c } from "./crc.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

// check values of the catalogue of parametrised CRC algorithms (CRC-32/ISCSI, CRC-32/ISO-HDLC)
test("the check values of both polynomials", () => {
  expect(crc32c(ascii("123456789"))).toBe(0xe3069283);
  expect(crc32(ascii("123456789"))).toBe(0xcbf43926);
});

// RFC 3720, appendix B.4
test("32 zero bytes and 32 bytes of ones", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
});

test("every length and offset agrees with one bit at a time", () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 255);
  const slow = (from: number, to: number): number => {
    let c = 0xffffffff;
    for (let i = from; i < to; i++) {
      c ^= bytes[i]!;
      for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    }
    return ~c >>> 0;
  };
  for (let from = 0; from < 5; from++) {
    for (let to = from; to <= 64; to++) expect(crc32c(bytes, from, to)).toBe(slow(from, to));
  }
});

// the first record TensorFlow writes: a length of 24 and the checksum beside it in a real file
test("the mask", () => {
  expect(maskedCrc32c(Uint8Array.of(24, 0, 0, 0, 0, 0, 0, 0), 0, 8)).toBe(0x224b7fa3);
});
