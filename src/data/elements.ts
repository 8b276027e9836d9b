/** Numbers as NPY and IDX files store them, decoded piece by piece into the array that keeps them. */
import { SteepestError } from "../run/errors.ts";
import type { ByteReader } from "./bytes.ts";

export type Element = "b1" | "i1" | "i2" | "i4" | "i8" | "u1" | "u2" | "u4" | "u8" | "f4" | "f8";

const VIEWS: Readonly<Record<Element, (buffer: ArrayBuffer) => ArrayLike<number> | ArrayLike<bigint>>> = {
  b1: (b) => new Uint8Array(b),
  i1: (b) => new Int8Array(b),
  i2: (b) => new Int16Array(b),
  i4: (b) => new Int32Array(b),
  i8: (b) => new BigInt64Array(b),
  u1: (b) => new Uint8Array(b),
  u2: (b) => new Uint16Array(b),
  u4: (b) => new Uint32Array(b),
  u8: (b) => new BigUint64Array(b),
  f4: (b) => new Float32Array(b),
  f8: (b) => new Float64Array(b),
};

export const isElement = (code: string): code is Element => Object.hasOwn(VIEWS, code);
export const isInteger = (element: Element): boolean => element !== "f4" && element !== "f8";
export const bytesOf = (element: Element): number => Number(element[1]);

/** Bytes decoded at a time: the overhead beyond the array itself. */
const PIECE = 1 << 20;
const hostIsLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Fills `out` with numbers read in file order. Throws `data-truncated` when the file ends early, and `data-too-large`
 * for a 64-bit integer that a double cannot hold.
 */
export async function decodeInto(
  out: Float32Array | Float64Array,
  reader: ByteReader,
  { element, littleEndian, path }: { element: Element; littleEndian: boolean; path: string },
): Promise<void> {
  const size = bytesOf(element);
  for (let done = 0; done < out.length; ) {
    const count = Math.min(out.length - done, PIECE / size);
    const bytes = await reader.read(count * size);
    if (bytes.length < count * size) {
      const held = done + Math.floor(bytes.length / size);
      throw new SteepestError(
        "data-truncated",
        `the header promises ${out.length} values, the file holds ${held}`,
        {
          where: path,
          help: "the file was cut short; copy or download it again",
        },
      );
    }
    if (size > 1 && littleEndian !== hostIsLittle) reverseEach(bytes, size);
    place(VIEWS[element](bytes.buffer), out, done, path);
    done += count;
  }
}

function place(
  values: ArrayLike<number> | ArrayLike<bigint>,
  out: Float32Array | Float64Array,
  at: number,
  path: string,
): void {
  if (typeof values[0] !== "bigint") {
    out.set(values as ArrayLike<number>, at);
    return;
  }
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (!Number.isSafeInteger(value)) {
      throw new SteepestError("data-too-large", `value ${at + i + 1} is ${values[i]}, beyond 2⁵³`, {
        where: path,
        help: "store such values as float64",
      });
    }
    out[at + i] = value;
  }
}

function reverseEach(bytes: Uint8Array, size: number): void {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}
