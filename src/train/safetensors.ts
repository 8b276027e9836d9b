/**
 * The safetensors container (https://github.com/huggingface/safetensors#format): an 8-byte little-endian header length,
 * a JSON header padded with spaces, then the tensors' bytes, little-endian, one after another.
 */

import type { TypedArray } from "../engine/graph/index.ts";
import { SteepestError } from "../run/errors.ts";
import { isRecord } from "../run/record.ts";
import { damageIn, sealHeader } from "./checksums.ts";

/** A tensor by name, its values row-major. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: TypedArray;
}

/** What a safetensors file holds: tensors in the file's order, and its metadata. */
export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const kinds = {
  F32: { bytes: 4, make: (b: ArrayBuffer): TypedArray => new Float32Array(b) },
  F64: { bytes: 8, make: (b: ArrayBuffer): TypedArray => new Float64Array(b) },
  I32: { bytes: 4, make: (b: ArrayBuffer): TypedArray => new Int32Array(b) },
  // read, never written: the numbers become float32, which holds them exactly
  F16: { bytes: 2, make: (b: ArrayBuffer): TypedArray => Float32Array.from(new Uint16Array(b), fromHalf) },
  BF16: { bytes: 2, make: (b: ArrayBuffer): TypedArray => Float32Array.from(new Uint16Array(b), fromBrain) },
} as const;
type Kind = keyof typeof kinds;

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);
/** bfloat16: the upper half of a float32. */
function fromBrain(bits: number): number {
  word[0] = bits << 16;
  return single[0]!;
}

const kindOf = (values: TypedArray): Kind =>
  values instanceof Float32Array ? "F32" : values instanceof Float64Array ? "F64" : "I32";

/** The same tensors and metadata give the same bytes. Metadata of `checksumsOf` is completed. */
export function encodeSafeTensors(
  tensors: readonly StoredTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  // wider elements first: every tensor starts at a multiple of its element size
  const sorted = [...tensors].sort((a, b) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT);
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, shape, values } of sorted) {
    header[name] = { dtype: kindOf(values), shape, data_offsets: [end, (end += values.byteLength)] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + length + end);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.fill(0x20, 8, 8 + length);
  out.set(json, 8);
  let at = 8 + length;
  for (const { values } of sorted) {
    out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  sealHeader(out, length);
  return out;
}

/**
 * Throws `checkpoint-truncated` for a file cut short, `checkpoint-damaged` where checksums are given and one is not right,
 * and `checkpoint-format` for anything else that is not safetensors.
 */
export function decodeSafeTensors(bytes: Uint8Array, where: string): SafeTensors {
  const foreign = (what: string): SteepestError =>
    new SteepestError("checkpoint-format", `not a safetensors file: ${what}`, {
      where,
      help: "give a checkpoint-*.safetensors file that steepest wrote",
    });
  const cut = (have: number, need: number): SteepestError =>
    new SteepestError("checkpoint-truncated", `the file is cut short: it has ${have} of ${need} bytes`, {
      where,
      help: OTHER_CHECKPOINT,
    });
  if (bytes.length < 8) throw cut(bytes.length, 8);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  // the format's own limit; a larger number is something else's first eight bytes
  if (length > 100_000_000) throw foreign("it does not begin with a header length");
  if (bytes.length < 8 + length) throw cut(bytes.length, 8 + length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw foreign("its header is not JSON");
  }
  if (!isRecord(header)) throw foreign("its header is not a record");
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata)) throw foreign("its metadata is not a record");
  const start = 8 + length;
  const regions: Region[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, from, to } = readEntry(entry) ?? {};
    if (dtype === undefined || shape === undefined || from === undefined || to === undefined) {
      throw foreign(`its entry "${name}" is damaged`);
    }
    if (!Object.hasOwn(kinds, dtype))
      throw foreign(`tensor "${name}" has type ${dtype}, which steepest does not write`);
    const { bytes: size } = kinds[dtype as Kind];
    if (to - from !== shape.reduce((n, d) => n * d, size))
      throw foreign(`the size of "${name}" contradicts its shape`);
    if (start + to > bytes.length) throw cut(bytes.length, start + to);
    regions.push({ name, kind: dtype as Kind, shape, from, to });
  }
  // each byte belongs to one tensor: a small file can't ask for gigabytes
  regions.sort((a, b) => a.from - b.from || a.to - b.to);
  const overlap = regions.findIndex(({ from }, i) => i > 0 && from < regions[i - 1]!.to);
  if (overlap >= 0)
    throw foreign(`"${regions[overlap - 1]!.name}" and "${regions[overlap]!.name}" share bytes`);
  const damage = damageIn(bytes, length, metadata, regions);
  if (damage !== null) {
    throw new SteepestError("checkpoint-damaged", `the file is damaged: ${damage} is not as it was written`, {
      where,
      help: OTHER_CHECKPOINT,
    });
  }
  const tensors = new Map<string, StoredTensor>();
  for (const { name, kind, shape, from, to } of regions) {
    const copy = new ArrayBuffer(to - from);
    new Uint8Array(copy).set(bytes.subarray(start + from, start + to));
    tensors.set(name, { name, shape, values: kinds[kind].make(copy) });
  }
  return {
    tensors,
    metadata: Object.fromEntries(Object.entries(metadata).map(([k, v]) => [k, String(v)])),
  };
}

const OTHER_CHECKPOINT =
  "use the other checkpoint of the run (steepest train FOLDER --resume --from best), or start the run again";

interface Region {
  readonly name: string;
  readonly kind: Kind;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function readEntry(entry: unknown): { dtype: string; shape: number[]; from: number; to: number } | null {
  if (!isRecord(entry)) return null;
  const { dtype, shape, data_offsets: offsets } = entry;
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((d) => Number.isSafeInteger(d) && (d as number) >= 0);
  if (typeof dtype !== "string" || !whole(shape) || !whole(offsets) || offsets.length !== 2) return null;
  return { dtype, shape, from: offsets[0]!, to: offsets[1]! };
}
