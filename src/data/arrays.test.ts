import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readIdx, readNpy } from "./arrays.ts";
import { type DataSpec, type LoadOptions, loadData, memoryHost } from "./index.ts";

/** An NPY file by the format's own description (NEP 1): magic, version, header length, dict, raw values. */
function npy(
  descr: string,
  shape: string,
  values: Uint8Array,
  { version = 1, order = "False" } = {},
): Uint8Array {
  const dict = `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const lengthBytes = version === 1 ? 2 : 4;
  const header = `${dict.padEnd(Math.ceil((8 + lengthBytes + dict.length + 1) / 64) * 64 - 9 - lengthBytes)}\n`;
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, header.length, true);
  return Buffer.concat([
    Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0),
    new Uint8Array(length.buffer, 0, lengthBytes),
    Buffer.from(header),
    values,
  ]);
}
const bytes = (a: { buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(a.buffer);
const bigEndian = (a: Uint8Array, size: number): Uint8Array => {
  const out = a.slice();
  for (let i = 0; i < out.length; i += size) out.subarray(i, i + size).reverse();
  return out;
};
const idx = (code: number, shape: number[], values: Uint8Array): Uint8Array => {
  const sizes = Buffer.alloc(4 * shape.length);
  for (const [i, n] of shape.entries()) sizes.writeUInt32BE(n, 4 * i);
  return Buffer.concat([Uint8Array.of(0, 0, code, shape.length), sizes, values]);
};
const read = async (
  kind: typeof readNpy,
  file: Uint8Array,
): Promise<{ data: number[]; shape: readonly number[] }> => {
  const { data, shape } = await kind(memoryHost({ f: file }, { chunkSize: 7 }), "f", "float64");
  return { data: [...data], shape };
};
const load = (
  spec: DataSpec,
  files: Record<string, Uint8Array>,
  options?: LoadOptions,
): ReturnType<typeof loadData> => loadData(spec, memoryHost(files), options);

describe("NPY", () => {
  const cases: [string, Uint8Array, number, number[]][] = [
    ["'<f4'", bytes(Float32Array.of(1.5, -2, 3e-5)), 4, [1.5, -2, Math.fround(3e-5)]],
    ["'<f8'", bytes(Float64Array.of(0.1, -1e300, 3)), 8, [0.1, -1e300, 3]],
    ["'<i4'", bytes(Int32Array.of(-7, 2 ** 31 - 1, 0)), 4, [-7, 2 ** 31 - 1, 0]],
    ["'<i8'", bytes(BigInt64Array.of(-7n, 2n ** 40n, 0n)), 8, [-7, 2 ** 40, 0]],
    ["'|u1'", Uint8Array.of(0, 128, 255), 1, [0, 128, 255]],
    ["'|b1'", Uint8Array.of(0, 1, 1), 1, [0, 1, 1]],
    ["'<i2'", bytes(Int16Array.of(-3, 300, 1)), 2, [-3, 300, 1]],
  ];
  test.each(cases)(
    "%s, little and big endian, versions 1 to 3, in chunks of 7 bytes, gzipped",
    async (descr, raw, size, wanted) => {
      for (const version of [1, 2, 3]) {
        expect(await read(readNpy, npy(descr, "(3,)", raw, { version }))).toEqual({
          data: wanted,
          shape: [3],
        });
      }
      const swapped = npy(descr.replace("<", ">"), "(3,)", bigEndian(raw, size));
      expect((await read(readNpy, swapped)).data).toEqual(wanted);
      expect((await read(readNpy, gzipSync(npy(descr, "(3,)", raw)))).data).toEqual(wanted);
    },
  );
  // Both written by NumPy 1.24.2's np.save.
  test.each([
    [
      "np.array([[1.5, 2], [3, -4]], '<f4')",
      "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAQAAAQEAAAIDA",
      { data: [1.5, 2, 3, -4], shape: [2, 2] },
    ],
    [
      "np.asfortranarray(np.array([[1, 2, 3], [4, 5, -6]], '>i8'))",
      "k05VTVBZAQB2AHsnZGVzY3InOiAnPmk4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAQAAAAAAAAAEAAAAAAAAAAIAAAAAAAAABQAAAAAAAAAD//////////o=",
      { data: [1, 2, 3, 4, 5, -6], shape: [2, 3] },
    ],
  ])("np.save of %s", async (_, file, wanted) => {
    expect(await read(readNpy, Buffer.from(file, "base64"))).toEqual(wanted);
  });
  test("Fortran order is turned into rows, in two and three dimensions", async () => {
    // Column-major [[0,1,2],[10,11,12]].
    const two = npy("'<f4'", "(2, 3)", bytes(Float32Array.of(0, 10, 1, 11, 2, 12)), { order: "True" });
    expect((await read(readNpy, two)).data).toEqual([0, 1, 2, 10, 11, 12]);
    const [a, b, c] = [2, 3, 4];
    const fortran = new Float64Array(a * b * c);
    for (let i = 0; i < a; i++)
      for (let j = 0; j < b; j++)
        for (let k = 0; k < c; k++) fortran[i + a * (j + b * k)] = 100 * i + 10 * j + k;
    const three = await read(readNpy, npy("'<f8'", "(2, 3, 4)", bytes(fortran), { order: "True" }));
    expect(three.data).toEqual(
      Array.from({ length: 24 }, (_, n) => 100 * Math.floor(n / 12) + 10 * (Math.floor(n / 4) % 3) + (n % 4)),
    );
  });
  test("a file larger than the decoding piece", async () => {
    const big = Float64Array.from({ length: 300_000 }, (_, i) => i);
    const { data } = await readNpy(memoryHost({ f: npy("'<f8'", "(300000,)", bytes(big)) }), "f", "float64");
    expect(data).toEqual(big);
  });
  const ok = npy("'<f4'", "(2, 2)", bytes(Float32Array.of(1, 2, 3, 4)));
  test.each([
    ["cut in its values", ok.slice(0, -3), "data-truncated", "promises 4 values, the file holds 3"],
    ["cut in its header", ok.slice(0, 40), "npy-format", "header is damaged"],
    ["of text", new TextEncoder().encode("a,b\n1,2\n3,4"), "npy-format", "not an NPY file"],
    ["that is empty", new Uint8Array(0), "npy-format", "not an NPY file"],
    ["that is an NPZ", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0), "npy-format", "NPZ"],
    ["of complex numbers", npy("'<c8'", "(1,)", new Uint8Array(8)), "npy-format", "'<c8'"],
    ["of records", npy("[('a', '<f4')]", "(1,)", new Uint8Array(4)), "npy-format", "[('a', '<f4')]"],
    ["of Python objects", npy("'|O'", "(1,)", new Uint8Array(4)), "npy-format", "'|O'"],
    [
      "with a wide integer",
      npy("'<i8'", "(1,)", bytes(BigInt64Array.of(2n ** 60n))),
      "data-too-large",
      "beyond 2",
    ],
    [
      "claiming more than memory",
      npy("'<f8'", "(90000000000000,)", new Uint8Array(8)),
      "data-too-large",
      "bytes",
    ],
    [
      "gzipped and cut",
      gzipSync(
        npy("'<f8'", "(999,)", bytes(Float64Array.from({ length: 999 }, (_, i) => Math.sin(i)))),
      ).subarray(0, 900),
      "data-gzip",
      "damaged or cut",
    ],
  ])("refuses a file %s", async (_, file, id, message) => {
    await expect(read(readNpy, file)).rejects.toMatchObject({
      id,
      message: expect.stringContaining(message),
      help: expect.stringMatching(/\w/),
    });
  });
});

describe("IDX", () => {
  test.each([
    [8, Uint8Array.of(0, 200), [0, 200]],
    [9, Uint8Array.of(1, 255), [1, -1]],
    [11, bigEndian(bytes(Int16Array.of(-300, 5)), 2), [-300, 5]],
    [12, bigEndian(bytes(Int32Array.of(-70000, 5)), 4), [-70000, 5]],
    [13, bigEndian(bytes(Float32Array.of(1.5, 5)), 4), [1.5, 5]],
    [14, bigEndian(bytes(Float64Array.of(0.1, 5)), 8), [0.1, 5]],
  ])("type %i, gzipped too", async (code, raw, wanted) => {
    const file = idx(code, [1, 2], raw);
    expect(await read(readIdx, file)).toEqual({ data: wanted, shape: [1, 2] });
    expect((await read(readIdx, gzipSync(file))).data).toEqual(wanted);
  });
  test.each([
    ["cut in its values", idx(8, [2, 2], Uint8Array.of(1, 2, 3)), "data-truncated"],
    ["cut in its header", idx(8, [2, 2], new Uint8Array(0)).slice(0, 9), "data-truncated"],
    ["of an unknown type", idx(10, [1], Uint8Array.of(1)), "idx-format"],
    ["of something else", new TextEncoder().encode("hello"), "idx-format"],
    ["that is empty", new Uint8Array(0), "idx-format"],
  ])("refuses a file %s", async (_, file, id) => {
    await expect(read(readIdx, file)).rejects.toMatchObject({ id, help: expect.stringMatching(/\w/) });
  });
});

describe("data sets of arrays", () => {
  const images = idx(8, [3, 2, 2], Uint8Array.of(0, 51, 102, 255, 0, 0, 0, 0, 1, 2, 3, 4));
  const labels = idx(8, [3], Uint8Array.of(2, 0, 1));
  test("IDX images become 0 … 1 and keep their shape; labels are classes", async () => {
    const data = await load(
      { idx: "x", target: "y", test: { idx: "x", target: "y" } },
      { x: images, y: labels },
    );
    expect(data.features.shape).toEqual([3, 2, 2]);
    expect([...data.features.data.slice(0, 4)]).toEqual([0, 0.2, 0.4, 1].map(Math.fround));
    expect(data.target).toMatchObject({ kind: "class", shape: [3], data: Int32Array.of(2, 0, 1) });
    expect(data.classes).toEqual(["0", "1", "2"]);
    expect(data.test!.features.shape).toEqual([3, 2, 2]);
    const raw = await load({ idx: "x", target: null, scale: 1 }, { x: images });
    expect(raw.features.data[3]).toBe(255);
    expect(raw.target).toMatchObject({ kind: "none", shape: [3, 0] });
  });
  const x = npy("'<f8'", "(3,)", bytes(Float64Array.of(1, 2, 3)));
  test("float targets are numbers, unless the loss wants classes; a vector of features is a column", async () => {
    const y = npy("'<f8'", "(3, 1)", bytes(Float64Array.of(1, 0, 1)));
    const data = await load({ npy: "x", target: "y" }, { x, y });
    expect(data.features.shape).toEqual([3, 1]);
    expect(data.target).toMatchObject({ kind: "number", shape: [3, 1], data: Float32Array.of(1, 0, 1) });
    const classes = await load({ npy: "x", target: "y" }, { x, y }, { targetKind: "class" });
    expect(classes.target).toMatchObject({ kind: "class", shape: [3] });
  });
  const i8 = (...values: number[]): Uint8Array =>
    npy("'<i8'", `(${values.length},)`, bytes(BigInt64Array.from(values.map(BigInt))));
  test.each([
    ["a negative label", { y: i8(0, -1, 1) }, {}, "label-range", "row 2 has label -1"],
    [
      "a label beyond the classes",
      { y: i8(0, 1, 5) },
      { classes: 3 },
      "label-range",
      "row 3 has label 5; labels are whole numbers 0 to 2 (3 classes)",
    ],
    [
      "a fractional label",
      { y: npy("'<f4'", "(3,)", bytes(Float32Array.of(0, 1, 0.5))) },
      { task: "classification" },
      "label-range",
      "row 3 has label 0.5",
    ],
    ["too few labels", { y: i8(0, 1) }, {}, "data-shape", "features [3, 1] and targets [2]"],
    [
      "NaN features",
      { x: npy("'<f4'", "(2, 2)", bytes(Float32Array.of(1, 2, 3, Number.NaN))), y: i8(0, 1) },
      {},
      "data-not-finite",
      "row 2, column 2 is NaN",
    ],
    [
      "values beyond float32",
      { x: npy("'<f8'", "(1,)", bytes(Float64Array.of(1e300))), y: i8(0) },
      {},
      "data-not-finite",
      "row 1, column 1 is Infinity",
    ],
    [
      "NaN targets",
      { y: npy("'<f4'", "(3,)", bytes(Float32Array.of(1, Number.NaN, 2))) },
      {},
      "data-not-finite",
      "row 2, column 1 is NaN",
    ],
    ["no row", { x: npy("'<f4'", "(0, 4)", new Uint8Array(0)), y: i8() }, {}, "data-empty", "no data row"],
    ["no file", { y: i8(1) }, { target: "z" }, "data-missing", "no file z"],
  ] as const)("refuses %s", async (_, files, extra, id, message) => {
    await expect(load({ npy: "x", target: "y", ...extra }, { x, ...files })).rejects.toMatchObject({
      id,
      message: expect.stringContaining(message),
    });
  });
});
