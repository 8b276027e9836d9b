/** The number in a rank-0 TensorProto; undefined for text, histograms and anything with more than one element. */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** TensorProto.dtype → how its raw little-endian content is read. */
const CONTENT: Readonly<Record<number, { size: number; read: (view: DataView) => number }>> = {
  1: { size: 4, read: (view) => view.getFloat32(0, true) },
  2: { size: 8, read: (view) => view.getFloat64(0, true) },
  3: { size: 4, read: (view) => view.getInt32(0, true) },
  9: { size: 8, read: (view) => Number(view.getBigInt64(0, true)) },
  14: { size: 2, read: (view) => bfloat16(view.getUint16(0, true)) },
  19: { size: 2, read: (view) => float16(view.getUint16(0, true)) },
};

export function scalarOfTensor(message: Uint8Array): number | undefined {
  const reader = new BinaryReader(message);
  let dtype = 1;
  let content: Uint8Array | undefined;
  let value: number | undefined;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.Varint) dtype = reader.uint32();
    else if (field === 2 && type === WireType.LengthDelimited) {
      if (!isSingle(reader.bytes())) return undefined;
    } else if (field === 4 && type === WireType.LengthDelimited) content = reader.bytes();
    else if (field === 5) value ??= packed(reader, type, () => reader.float());
    else if (field === 6) value ??= packed(reader, type, () => reader.double());
    else if (field === 7) value ??= packed(reader, type, () => reader.int32());
    else if (field === 10) value ??= packed(reader, type, () => Number(reader.int64()));
    else if (field === 13) {
      const bits = packed(reader, type, () => reader.int32());
      if (bits !== undefined) value ??= dtype === 14 ? bfloat16(bits) : float16(bits);
    } else reader.skip(type, field);
  }
  const kind = CONTENT[dtype];
  if (!kind) return undefined;
  if (content && content.length > 0) {
    if (content.length !== kind.size) return undefined;
    return kind.read(new DataView(content.buffer, content.byteOffset, content.byteLength));
  }
  return value;
}

/** A repeated field with exactly one element, packed or not. */
function packed(reader: BinaryReader, type: WireType, read: () => number): number | undefined {
  if (type !== WireType.LengthDelimited) return read();
  const length = reader.uint32();
  const end = reader.pos + length;
  if (length === 0) return undefined;
  const value = read();
  const single = reader.pos === end;
  reader.pos = end;
  return single ? value : undefined;
}

/** TensorShapeProto: no dimension, or all of size one. */
function isSingle(shape: Uint8Array): boolean {
  const reader = new BinaryReader(shape);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field !== 2 || type !== WireType.LengthDelimited) {
      reader.skip(type, field);
      continue;
    }
    const dim = new BinaryReader(reader.bytes());
    let size = 0;
    while (dim.pos < dim.len) {
      const [inner, innerType] = dim.tag();
      if (inner === 1 && innerType === WireType.Varint) size = Number(dim.int64());
      else dim.skip(innerType, inner);
    }
    if (size !== 1) return false;
  }
  return true;
}

function bfloat16(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, (bits & 0xffff) << 16);
  return view.getFloat32(0);
}

function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
