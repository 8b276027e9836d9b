import { describe, expect, test } from "vitest";
import { chooseTile, detectFma, scratchBytes, tiles } from "./index.ts";
import { productModule } from "./product-module.ts";
import { elements, type FloatType } from "./tile.ts";

const SIZES = [0, 1, 2, 3, 5, 7, 8, 16, 17, 33, 64, 100, 257];
/** Every size of m with some of n and k, the middle ones all together; some 400 that are not empty. */
const shapes: [number, number, number][] = [];
SIZES.forEach((m, i) => {
  SIZES.forEach((n, j) => {
    for (const step of [0, 4, 9]) shapes.push([m, n, SIZES[(i + 3 * j + step) % SIZES.length]!]);
  });
});
const PAD = 3;

interface Layout {
  readonly row: number;
  readonly col: number;
  readonly count: number;
}
/** Element strides of a rows × cols matrix, padded, perhaps stored transposed. */
function layout(rows: number, cols: number, transposed: boolean, pad: number): Layout {
  return transposed
    ? { row: 1, col: rows + pad, count: cols * (rows + pad) + 1 }
    : { row: cols + pad, col: 1, count: rows * (cols + pad) + 1 };
}

/** Weyl sequence in [−1, 1]. */
const entry = (i: number): number => (((i + 1) * 0.6180339887498949) % 1) * 2 - 1;

const BYTES = 4 << 20;
const cases = (["float32", "float64"] as const).flatMap((dtype) =>
  (detectFma() ? [false, true] : [false]).map((fma) => ({ dtype, fma })),
);

/** Runs one product on a module and returns C, checking that nothing outside C and scratch was written. */
function multiply(
  { memory, products }: ReturnType<typeof productModule>,
  dtype: FloatType,
  tile: number,
  [m, n, k]: readonly [number, number, number],
  { transposeA = false, transposeB = false, pad = 0, columnStride = 1 } = {},
): { c: number[][]; a: number[][]; b: number[][] } {
  const { bytes } = elements[dtype];
  const all = dtype === "float32" ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  const la = layout(m, k, transposeA, pad);
  const lb = layout(k, n, transposeB, pad);
  const [rowA, colA] = [la.row * columnStride, la.col * columnStride];
  const bAt = la.count * columnStride + 5;
  const cAt = bAt + lb.count + 5;
  const cRow = n + pad;
  const scratchAt = Math.ceil((cAt + m * cRow + 8) / 4) * 4;
  const end = scratchAt + scratchBytes(dtype, tiles[tile]!, m, n, k) / bytes;
  all.fill(99, 0, end + 16);
  const read = (rows: number, cols: number, at: number, row: number, col: number, seed: number): number[][] =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: cols }, (_, j) => {
        all[at + i * row + j * col] = entry(seed + i * cols + j);
        return all[at + i * row + j * col]!;
      }),
    );
  const a = read(m, k, 0, rowA, colA, 17);
  const b = read(k, n, bAt, lb.row, lb.col, 4242);
  products[tile]!(
    0, rowA * bytes, colA * bytes, bAt * bytes, lb.row * bytes, lb.col * bytes,
    cAt * bytes, cRow * bytes, m, n, k, scratchAt * bytes,
  ); // biome-ignore format: parameters by matrix
  const c = Array.from({ length: m }, (_, i) => Array.from(all.subarray(cAt + i * cRow, cAt + i * cRow + n)));
  for (let i = 0; i < m; i++) {
    for (let j = n; j < cRow; j++)
      if (all[cAt + i * cRow + j] !== 99) throw new Error("wrote between the rows of C");
  }
  if (all[cAt - 1] !== 99 || all[cAt + m * cRow] !== 99) throw new Error("wrote beside C");
  if (all.subarray(end, end + 16).some((x) => x !== 99)) throw new Error("wrote beyond the scratch memory");
  return { c, a, b };
}

function expectProduct(
  { c, a, b }: ReturnType<typeof multiply>,
  dtype: FloatType,
  k: number,
  what: string,
): void {
  const epsilon = dtype === "float32" ? 2 ** -24 : 2 ** -53;
  c.forEach((row, i) => {
    row.forEach((got, j) => {
      let [sum, size] = [0, 0];
      for (let p = 0; p < k; p++) {
        sum += a[i]![p]! * b[p]![j]!;
        size += Math.abs(a[i]![p]! * b[p]![j]!);
      }
      // Two roundings a term, if they all went the same way over at most 330 terms in a row; the reference's own for float64.
      const allowed = 2 * Math.min(k + 1, 340) * epsilon * size;
      if (!(Math.abs(got - sum) <= allowed)) throw new Error(`${what}: C[${i}][${j}] is ${got}, not ${sum}`);
    });
  });
}

for (const { dtype, fma } of cases) {
  describe(`${dtype}, ${fma ? "relaxed multiply-add" : "multiply and add"}`, () => {
    const module = productModule(dtype, tiles, { fma, bytes: BYTES });

    test("products of all sizes, transposes and row paddings agree with the triple loop; each tile gives the same bits", () => {
      let checked = 0;
      shapes.forEach(([m, n, k], s) => {
        const options = { transposeA: s % 2 === 1, transposeB: s % 4 > 1, pad: s % 8 > 3 ? PAD : 0 };
        const what = `${m}×${k} · ${k}×${n} ${JSON.stringify(options)}`;
        const first = multiply(module, dtype, 0, [m, n, k], options);
        expectProduct(first, dtype, k, what);
        for (let tile = 1; tile < tiles.length; tile++) {
          const other = multiply(module, dtype, tile, [m, n, k], options);
          const differs = other.c.some((row, i) => row.some((x, j) => !Object.is(x, first.c[i]![j])));
          expect(differs, `${what}, ${tiles[tile]!.name}`).toBe(false);
        }
        checked += m * n * k > 0 ? 1 : 0;
      });
      expect(checked).toBeGreaterThan(390);
    });

    test("all four transposes and both paddings of chosen shapes, A with gaps between its columns too", () => {
      for (const shape of [[1000, 1, 3], [3, 1, 1000], [1000, 1, 8], [1000, 1, 9], [1, 33, 2500], [33, 1, 2500], [64, 10, 128], [4, 4, 4], [35, 50, 700], [1, 1, 1]] as const) {
        for (const transposeA of [false, true])
          for (const transposeB of [false, true])
            for (const pad of [0, PAD])
              for (const columnStride of [1, 2]) {
                const options = { transposeA, transposeB, pad, columnStride };
                const result = multiply(module, dtype, 2, shape, options);
                expectProduct(result, dtype, shape[2], `${shape} ${JSON.stringify(options)}`);
              }
      }
    }); // biome-ignore format: a list

    test("the sum over no terms is 0", () => {
      expect(multiply(module, dtype, 0, [2, 3, 0]).c).toEqual([[0, 0, 0], [0, 0, 0]]); // biome-ignore format: a matrix
    });
  });
}

test("the tile is one of the table and stays the same within a process", () => {
  const tile = chooseTile("float32");
  expect(tiles).toContain(tile);
  expect(chooseTile("float32")).toBe(tile);
});
