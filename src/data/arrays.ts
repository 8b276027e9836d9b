/** One array of numbers out of an NPY or IDX file, gzipped or not. */
import { SteepestError } from "../run/errors.ts";
import { type ByteReader, withBytes } from "./bytes.ts";
import { allocateFloat, type FloatDType } from "./dataset.ts";
import { decodeInto, type Element, isElement } from "./elements.ts";
import type { DataHost } from "./host.ts";

export interface NumberArray {
  readonly data: Float32Array | Float64Array;
  readonly shape: readonly number[];
  /** How the file stores a value: tells labels from measurements. */
  readonly element: Element;
}

interface Header {
  readonly element: Element;
  readonly littleEndian: boolean;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
}

/**
 * NumPy's NPY, versions 1 to 3 (numpy/lib/format.py describes it): bool, integers and floats of either byte order, C or
 * Fortran order. Throws `npy-format`, `data-truncated`.
 */
export function readNpy(host: DataHost, path: string, dtype: FloatDType): Promise<NumberArray> {
  return readArray(host, path, dtype, npyHeader);
}

/** The MNIST files' IDX (Y. LeCun's page describes it): all six types, big-endian. Throws `idx-format`, `data-truncated`. */
export function readIdx(host: DataHost, path: string, dtype: FloatDType): Promise<NumberArray> {
  return readArray(host, path, dtype, idxHeader);
}

/** Rows of a file in pieces of at most `rows`, so that memory does not grow with the file. */
export async function streamArray(
  host: DataHost,
  path: string,
  { kind, dtype, rows }: { kind: "npy" | "idx"; dtype: FloatDType; rows: number },
  sink: (piece: NumberArray) => Promise<void>,
): Promise<void> {
  await withBytes(host, path, async (reader) => {
    const header = await (kind === "npy" ? npyHeader : idxHeader)(reader, path);
    const { element, littleEndian, fortranOrder, shape } = header;
    const [n = 1, ...row] = shape;
    if (fortranOrder && row.length > 0) {
      throw new SteepestError("npy-format", "the file holds its columns one after another (Fortran order)", {
        where: path,
        help: "save it row by row: numpy.save(path, numpy.ascontiguousarray(array))",
      });
    }
    const size = row.reduce((a, b) => a * b, 1);
    if (size === 0) {
      throw new SteepestError("data-empty", "its rows hold no values", {
        where: path,
        help: "give an array whose rows are as long as the model's input",
      });
    }
    for (let done = 0; done < n; done += rows) {
      const count = Math.min(rows, n - done);
      const data = allocateFloat(dtype, count * size, path);
      await decodeInto(data, reader, { element, littleEndian, path });
      await sink({ data, shape: [count, ...row], element });
    }
  });
}

function readArray(
  host: DataHost,
  path: string,
  dtype: FloatDType,
  readHeader: (reader: ByteReader, path: string) => Promise<Header>,
): Promise<NumberArray> {
  return withBytes(host, path, async (reader) => {
    const { element, littleEndian, shape, fortranOrder } = await readHeader(reader, path);
    const data = allocateFloat(
      dtype,
      shape.reduce((a, b) => a * b, 1),
      path,
    );
    await decodeInto(data, reader, { element, littleEndian, path });
    return { data: fortranOrder && shape.length > 1 ? rowMajor(data, shape) : data, shape, element };
  });
}

async function npyHeader(reader: ByteReader, path: string): Promise<Header> {
  const refuse = (what: string, help: string): never => {
    throw new SteepestError("npy-format", what, { where: path, help });
  };
  const start = await reader.read(8);
  if (start[0] === 0x50 && start[1] === 0x4b) {
    refuse(
      "this is an NPZ archive of several arrays",
      "save each array with numpy.save and name the .npy files",
    );
  }
  const magic = String.fromCharCode(...start.subarray(1, 6));
  if (start[0] !== 0x93 || magic !== "NUMPY") refuse("this is not an NPY file", "write it with numpy.save");
  const version = start[6]!;
  if (version < 1 || version > 3) refuse(`NPY version ${version} is unknown`, "write it with numpy.save");
  const lengthBytes = await reader.read(version === 1 ? 2 : 4);
  const length = lengthBytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  // NumPy itself refuses headers above 10,000 characters: a larger length is damage.
  if (length > 1e6) refuse(`the header claims ${length} bytes`, "the file is damaged; write it again");
  const header = new TextDecoder().decode(await reader.read(length));
  const descr = /'descr'\s*:\s*'([<>|=]?)(\w+)'/.exec(header);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (order === undefined || shape === undefined) {
    return refuse("the header is damaged or cut short", "write the file again with numpy.save");
  }
  const code = descr?.[2] ?? "";
  if (!isElement(code)) {
    const found = /'descr'\s*:\s*(\[.*?\]|'[^']*')/.exec(header)?.[1] ?? "an unknown type";
    return refuse(`values of type ${found} can't be read`, "convert them, e.g. array.astype('float32')");
  }
  return {
    element: code,
    littleEndian: descr![1] !== ">",
    shape: shape
      .split(",")
      .filter((s) => s.trim() !== "")
      .map(Number),
    fortranOrder: order === "True",
  };
}

const IDX_ELEMENTS: Readonly<Record<number, Element>> = {
  8: "u1",
  9: "i1",
  11: "i2",
  12: "i4",
  13: "f4",
  14: "f8",
};

async function idxHeader(reader: ByteReader, path: string): Promise<Header> {
  const start = await reader.read(4);
  const element = IDX_ELEMENTS[start[2] ?? 0];
  if (start.length < 4 || start[0] !== 0 || start[1] !== 0 || !element || start[3] === 0) {
    throw new SteepestError("idx-format", "this is not an IDX file (00 00, type, dimensions)", {
      where: path,
      help: "give a file such as train-images-idx3-ubyte, gzipped or not",
    });
  }
  const sizes = await reader.read(4 * start[3]!);
  if (sizes.length < 4 * start[3]!) {
    throw new SteepestError("data-truncated", "the file ends inside its header", {
      where: path,
      help: "the file was cut short; copy or download it again",
    });
  }
  const view = new DataView(sizes.buffer);
  const shape = Array.from({ length: start[3]! }, (_, i) => view.getUint32(4 * i));
  return { element, littleEndian: false, shape, fortranOrder: false };
}

/** Fortran order (first index fastest) to C order (last index fastest). */
function rowMajor<A extends Float32Array | Float64Array>(data: A, shape: readonly number[]): A {
  const out = data.slice() as A;
  const index = new Array<number>(shape.length).fill(0);
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
  let to = 0;
  for (let from = 0; from < data.length; from++) {
    out[to] = data[from]!;
    for (let d = 0; d < shape.length; d++) {
      to += strides[d]!;
      if (++index[d]! < shape[d]!) break;
      to -= shape[d]! * strides[d]!;
      index[d] = 0;
    }
  }
  return out;
}
