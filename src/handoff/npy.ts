/** NumPy's .npy file of one row-major array, version 1.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
import type { TypedArray } from "../engine/graph/index.ts";

/** Header and values apart: the values are not copied. */
export function encodeNpy(values: TypedArray): readonly [Uint8Array, Uint8Array] {
  const kind = values instanceof Float32Array ? "f4" : values instanceof Float64Array ? "f8" : "i4";
  const fields = `{'descr': '<${kind}', 'fortran_order': False, 'shape': (${values.length},), }`;
  // magic, version, length and fields together are a multiple of 64 bytes
  const length = Math.ceil((10 + fields.length + 1) / 64) * 64 - 10;
  const text = `${fields.padEnd(length - 1)}\n`;
  const header = Uint8Array.from([
    0x93, ...bytes("NUMPY"), 1, 0, length & 255, length >> 8, ...bytes(text),
  ]); // biome-ignore format: byte by byte
  return [header, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
}

const bytes = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));
