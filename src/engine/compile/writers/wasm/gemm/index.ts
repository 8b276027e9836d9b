/** Matrix products as WebAssembly functions. */
import { FunctionWriter } from "../assembler/assembler.ts";
import { blockedProduct, blockedScratchBytes } from "./blocked.ts";
import { directProduct } from "./direct.ts";
import { microKernel, storeEdge } from "./micro-kernel.ts";
import { pack } from "./pack.ts";
import { elements, type FloatType, type Kind, type Tile } from "./tile.ts";
import { byColumns, FEW, fewColumns, vectorProduct } from "./vector-product.ts";
import { byRows } from "./vector-rows.ts";

export { chooseTile } from "./choose-tile.ts";
export { detectFma } from "./relaxed-simd.ts";
export { type FloatType, type Tile, tiles } from "./tile.ts";

export interface GemmOptions {
  readonly dtype: FloatType;
  readonly fma: boolean;
  readonly tile: Tile;
  /** Function index of the first writer returned. */
  readonly firstIndex: number;
}

/** Products are not packed up to this many multiplications, fewer if columns of B don't lie side by side. */
const SMALL = 32 ** 3;
const SMALL_STRIDED = 2048;
/** … and only while the sum needs no cutting into parts. */
const SMALL_K = 320;

/** Bytes of scratch memory a product of this size uses. */
export function scratchBytes(dtype: FloatType, tile: Tile, m: number, n: number, k: number): number {
  return Math.max(blockedScratchBytes(dtype, tile, m, n, k), k * elements[dtype].bytes);
}

/**
 * The functions of a matrix product. `entry` takes the i32 parameters (a, aRow, aCol, b, bRow, bCol, c, cRow, m, n, k,
 * scratch): addresses and strides in bytes; A is m×k and B k×n with any strides, C is m×n with contiguous rows. C is
 * overwritten. The bits of the result don't depend on the tile.
 */
export function gemmFunctions({ dtype, fma, tile, firstIndex }: GemmOptions): {
  writers: FunctionWriter[];
  entry: number;
} {
  const kind: Kind = { element: elements[dtype], fma };
  const { bytes, lanes } = kind.element;
  const writers: FunctionWriter[] = [];
  const add = (writer: FunctionWriter): number => firstIndex + writers.push(writer) - 1;

  const blocked = add(
    blockedProduct(kind, tile, {
      packA: add(pack(kind.element, tile.rows)),
      packB: add(pack(kind.element, tile.vectors * lanes)),
      kernel: add(microKernel(kind, tile)),
      edge: add(storeEdge(kind)),
    }),
  );
  const vector = add(
    vectorProduct(kind, {
      few: Array.from({ length: FEW }, (_, i) => add(fewColumns(kind, i + 1))),
      byColumns: add(byColumns(kind)),
      byRows: add(byRows(kind)),
    }),
  );
  const direct = add(directProduct(kind));

  const f = new FunctionWriter(Array.from({ length: 12 }, () => "i32"));
  const [a, aRow, aCol, b, bRow, bCol, c, cRow, m, n, k, scratch] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const all = [a, aRow, aCol, b, bRow, bCol, c, cRow, m, n, k, scratch];
  const pass = (parameters: readonly number[], index: number): void => {
    for (const p of parameters) f.get(p);
    f.call(index).op("return");
  };
  for (const size of [m, n]) {
    f.get(size).i32(0).op("i32.le_s");
    f.if(() => f.op("return"));
  }
  f.get(k).i32(0).op("i32.le_s");
  f.if(() => {
    f.loop(() => {
      f.get(c).i32(0).get(n).i32(bytes).op("i32.mul").fill();
      f.get(c).get(cRow).op("i32.add").set(c);
      f.get(m).i32(1).op("i32.sub").tee(m).brIf(0);
    });
    f.op("return");
  });
  f.get(n).i32(1).op("i32.eq");
  f.if(() => pass([a, aRow, aCol, b, bRow, c, cRow, m, k, scratch], vector));
  f.get(m).i32(1).op("i32.eq");
  f.if(() => {
    f.i32(bytes).set(cRow);
    pass([b, bCol, bRow, a, aCol, c, cRow, n, k, scratch], vector);
  });
  f.get(k).i32(SMALL_K).op("i32.le_s");
  for (const size of [m, n, k]) f.get(size).op("f64.convert_i32_s");
  f.op("f64.mul").op("f64.mul");
  f.f64(SMALL).f64(SMALL_STRIDED).get(bCol).i32(bytes).op("i32.eq").op("select").op("f64.le").op("i32.and");
  f.if(() => pass(all, direct));
  pass(all, blocked);
  return { writers, entry: add(f) };
}
