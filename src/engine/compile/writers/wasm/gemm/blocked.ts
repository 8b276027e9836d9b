/**
 * Products of any size: blocks of A and B are packed into panels that stay in the caches, and the micro-kernel goes over
 * them tile by tile (Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", 2008). k is cut into equal
 * blocks that depend on k alone, so the bits of an element don't depend on the tile.
 */
import { FunctionWriter, type Local } from "../assembler/assembler.ts";
import { advance, type Element, elements, type FloatType, type Kind, type Tile } from "./tile.ts";

/** Most of k, rows of A and columns of B at a time: B's panel in L1 (8 KiB), A's block in L2 (≤ 256 KiB). */
const K = 320;
const M = 192;
const N = 1024;

const columnsOf = (element: Element, tile: Tile): number => tile.vectors * element.lanes;
const rowsAtOnce = (tile: Tile): number => Math.floor(M / tile.rows) * tile.rows;
const columnsAtOnce = (element: Element, tile: Tile): number =>
  Math.floor(N / columnsOf(element, tile)) * columnsOf(element, tile);
const roundUp = (x: number, step: number): number => Math.ceil(x / step) * step;

export function blockedScratchBytes(dtype: FloatType, tile: Tile, m: number, n: number, k: number): number {
  const element = elements[dtype];
  const columns = columnsOf(element, tile);
  const panels =
    roundUp(Math.min(n, columnsAtOnce(element, tile)), columns) +
    roundUp(Math.min(m, rowsAtOnce(tile)), tile.rows);
  return Math.min(k, K) * panels * element.bytes + tile.rows * columns * element.bytes;
}

export interface BlockedParts {
  readonly packA: number;
  readonly packB: number;
  readonly kernel: number;
  readonly edge: number;
}

/** Parameters as the entry's; m, n, k ≥ 1. `packedB` is where the scratch memory begins. */
const [A, A_ROW, A_COL, B, B_ROW, B_COL, C, C_ROW, SIZE_M, SIZE_N, SIZE_K, PACKED_B] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
]; // biome-ignore format: names in a row

/** What the function keeps beside its parameters. `…At` is where a block starts, `…Now` how long it is. */
interface State {
  readonly packedA: Local;
  /** Where tiles at the edge are summed before the part of C that exists is stored. */
  readonly spare: Local;
  /** Length of the equal blocks of k. */
  readonly kSize: Local;
  readonly kAt: Local;
  readonly kNow: Local;
  readonly jAt: Local;
  readonly jNow: Local;
  readonly iAt: Local;
  readonly iNow: Local;
  /** Column and row of a tile within its block. */
  readonly jr: Local;
  readonly ir: Local;
  readonly panelA: Local;
  readonly panelB: Local;
  /** Where the tile goes. */
  readonly to: Local;
  /** Not the first block of k: add to C. */
  readonly add: Local;
}

/** Writes a value on the stack. */
type Push = () => void;

export function blockedProduct({ element }: Kind, tile: Tile, parts: BlockedParts): FunctionWriter {
  const f = new FunctionWriter(Array.from({ length: 12 }, () => "i32"));
  const local = (): Local => f.local("i32");
  const s: State = {
    packedA: local(), spare: local(), kSize: local(), kAt: local(), kNow: local(), jAt: local(), jNow: local(),
    iAt: local(), iNow: local(), jr: local(), ir: local(), panelA: local(), panelB: local(), to: local(), add: local(),
  }; // biome-ignore format: names in a row
  divideScratch(f, s, element, tile);
  const columns = (): void => void f.i32(columnsAtOnce(element, tile));
  const rows = (): void => void f.i32(rowsAtOnce(tile));
  inBlocks(f, { at: s.jAt, now: s.jNow, total: SIZE_N, size: columns }, () => {
    inBlocks(f, { at: s.kAt, now: s.kNow, total: SIZE_K, size: () => f.get(s.kSize) }, () => {
      f.get(s.kAt).i32(0).op("i32.ne").set(s.add);
      address(f, B, s.kAt, B_ROW);
      f.get(s.jAt).get(B_COL).op("i32.mul").op("i32.add").get(B_COL).get(B_ROW).get(PACKED_B);
      f.get(s.jNow).get(s.kNow).call(parts.packB);
      inBlocks(f, { at: s.iAt, now: s.iNow, total: SIZE_M, size: rows }, () => {
        address(f, A, s.iAt, A_ROW);
        f.get(s.kAt).get(A_COL).op("i32.mul").op("i32.add").get(A_ROW).get(A_COL).get(s.packedA);
        f.get(s.iNow).get(s.kNow).call(parts.packA);
        eachTile(f, s, element, tile, parts);
      });
    });
  });
  return f;
}

/** Cuts k into ⌈k/K⌉ equal blocks, and the scratch memory into panels of B, panels of A, and a spare tile. */
function divideScratch(f: FunctionWriter, s: State, element: Element, tile: Tile): void {
  const { bytes } = element;
  f.get(SIZE_K)
    .get(SIZE_K)
    .i32(K - 1)
    .op("i32.add")
    .i32(K)
    .op("i32.div_u")
    .tee(s.kSize)
    .op("i32.add")
    .i32(1)
    .op("i32.sub")
    .get(s.kSize)
    .op("i32.div_u")
    .set(s.kSize);
  const after = (start: Local, total: Local, max: number, step: number, end: Local): void => {
    f.get(start).get(s.kSize).i32(bytes).op("i32.mul");
    minimum(
      f,
      () => f.get(total),
      () => f.i32(max),
    );
    f.i32(step - 1)
      .op("i32.add")
      .i32(step)
      .op("i32.div_u")
      .i32(step)
      .op("i32.mul");
    f.op("i32.mul").op("i32.add").set(end);
  };
  after(PACKED_B, SIZE_N, columnsAtOnce(element, tile), columnsOf(element, tile), s.packedA);
  after(s.packedA, SIZE_M, rowsAtOnce(tile), tile.rows, s.spare);
}

/** The smaller of two on the stack. */
function minimum(f: FunctionWriter, x: Push, y: Push): void {
  x();
  y();
  x();
  y();
  f.op("i32.lt_s").op("select");
}

/** base + x·stride on the stack. */
const address = (f: FunctionWriter, base: Local, x: Local, stride: Local): void =>
  void f.get(base).get(x).get(stride).op("i32.mul").op("i32.add");

interface Blocks {
  readonly at: Local;
  readonly now: Local;
  readonly total: Local;
  readonly size: Push;
}

/** Goes through `total` in blocks of `size`; the last one is what is left. */
function inBlocks(f: FunctionWriter, { at, now, total, size }: Blocks, body: () => void): void {
  f.i32(0).set(at);
  f.loop(() => {
    minimum(f, () => f.get(total).get(at).op("i32.sub"), size);
    f.set(now);
    body();
    f.get(at).get(now).op("i32.add").tee(at).get(total).op("i32.lt_s").brIf(0);
  });
}

/** The packed block of A times the packed block of B, tile by tile. */
function eachTile(f: FunctionWriter, s: State, element: Element, tile: Tile, parts: BlockedParts): void {
  const { bytes } = element;
  const [height, width] = [tile.rows, columnsOf(element, tile)];
  const panel = (count: number): FunctionWriter =>
    f
      .get(s.kNow)
      .i32(count * bytes)
      .op("i32.mul");
  f.i32(0).set(s.jr).get(PACKED_B).set(s.panelB);
  const columnOfTiles = (): void => {
    f.i32(0).set(s.ir).get(s.packedA).set(s.panelA);
    address(f, C, s.iAt, C_ROW);
    f.get(s.jAt).get(s.jr).op("i32.add").i32(bytes).op("i32.mul").op("i32.add").set(s.to);
    const oneTile = (): void => {
      f.get(s.jNow).get(s.jr).op("i32.sub").i32(width).op("i32.ge_s");
      f.get(s.iNow).get(s.ir).op("i32.sub").i32(height).op("i32.ge_s").op("i32.and");
      f.if(
        () => f.get(s.kNow).get(s.panelA).get(s.panelB).get(s.to).get(C_ROW).get(s.add).call(parts.kernel),
        () => edgeTile(f, s, { height, width, bytes }, parts),
      );
      advance(f, s.panelA, () => panel(height));
      advance(f, s.to, () => f.get(C_ROW).i32(height).op("i32.mul"));
    };
    f.countUp(s.ir, () => f.get(s.iNow), height, oneTile);
    advance(f, s.panelB, () => panel(width));
  };
  f.countUp(s.jr, () => f.get(s.jNow), width, columnOfTiles);
}

/** A tile of which C has only a part. */
function edgeTile(
  f: FunctionWriter,
  s: State,
  { height, width, bytes }: { height: number; width: number; bytes: number },
  parts: BlockedParts,
): void {
  const row = width * bytes;
  f.get(s.kNow).get(s.panelA).get(s.panelB).get(s.spare).i32(row).i32(0).call(parts.kernel);
  f.get(s.spare).i32(row).get(s.to).get(C_ROW);
  minimum(
    f,
    () => f.get(s.iNow).get(s.ir).op("i32.sub"),
    () => f.i32(height),
  );
  minimum(
    f,
    () => f.get(s.jNow).get(s.jr).op("i32.sub"),
    () => f.i32(width),
  );
  f.get(s.add).call(parts.edge);
}
