/**
 * Products of any size: blocks of A and B are packed into panels that stay in the caches, and the micro-kernel goes over
 * them tile by tile (Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", 2008). k is cut into equal
 * blocks that depend on k alone, so the bits of an element don't depend on the tile.
 */
import { FunctionWriter, type Local } from "../assembler/assembler.ts";
import { advance, type Element, elements, type FloatType, type Kind, locals, type Tile } from "./tile.ts";

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

/** Parameters as the entry's: (a, aRow, aCol, b, bRow, bCol, c, cRow, m, n, k, scratch); m, n, k ≥ 1. */
export function blockedProduct({ element }: Kind, tile: Tile, parts: BlockedParts): FunctionWriter {
  const { bytes } = element;
  const [height, width] = [tile.rows, columnsOf(element, tile)];
  const f = new FunctionWriter(Array.from({ length: 12 }, () => "i32"));
  const [a, aRow, aCol, b, bRow, bCol, c, cRow, m, n, k, packedB] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const [packedA, spare, kSize, kAt, kNow, jAt, jNow, iAt, iNow] = locals(f, "i32", 9) as [
    Local, Local, Local, Local, Local, Local, Local, Local, Local,
  ]; // biome-ignore format: names in a row
  const [jr, ir, panelA, panelB, to, add] = locals(f, "i32", 6) as [Local, Local, Local, Local, Local, Local];

  const minimum = (x: () => void, y: () => void): void => {
    x();
    y();
    x();
    y();
    f.op("i32.lt_s").op("select");
  };
  const rounded = (x: () => void, step: number): void => {
    x();
    f.i32(step - 1)
      .op("i32.add")
      .i32(step)
      .op("i32.div_u")
      .i32(step)
      .op("i32.mul");
  };
  /** base + x·stride on the stack. */
  const address = (base: Local, x: Local, stride: Local): void =>
    void f.get(base).get(x).get(stride).op("i32.mul").op("i32.add");

  // ⌈k / ⌈k/K⌉⌉
  f.get(k)
    .get(k)
    .i32(K - 1)
    .op("i32.add")
    .i32(K)
    .op("i32.div_u")
    .tee(kSize)
    .op("i32.add")
    .i32(1)
    .op("i32.sub")
    .get(kSize)
    .op("i32.div_u")
    .set(kSize);
  f.get(packedB).get(kSize).i32(bytes).op("i32.mul");
  rounded(
    () =>
      minimum(
        () => f.get(n),
        () => f.i32(columnsAtOnce(element, tile)),
      ),
    width,
  );
  f.op("i32.mul").op("i32.add").set(packedA);
  f.get(packedA).get(kSize).i32(bytes).op("i32.mul");
  rounded(
    () =>
      minimum(
        () => f.get(m),
        () => f.i32(rowsAtOnce(tile)),
      ),
    height,
  );
  f.op("i32.mul").op("i32.add").set(spare);

  const block = (at: Local, now: Local, total: Local, size: () => void, body: () => void): void => {
    f.i32(0).set(at);
    f.loop(() => {
      minimum(() => f.get(total).get(at).op("i32.sub"), size);
      f.set(now);
      body();
      f.get(at).get(now).op("i32.add").tee(at).get(total).op("i32.lt_s").brIf(0);
    });
  };
  const tiles = (): void => {
    f.i32(0).set(jr).get(packedB).set(panelB);
    f.countUp(
      jr,
      () => f.get(jNow),
      width,
      () => {
        f.i32(0).set(ir).get(packedA).set(panelA);
        address(c, iAt, cRow);
        f.get(jAt).get(jr).op("i32.add").i32(bytes).op("i32.mul").op("i32.add").set(to);
        f.countUp(
          ir,
          () => f.get(iNow),
          height,
          () => {
            f.get(jNow).get(jr).op("i32.sub").i32(width).op("i32.ge_s");
            f.get(iNow).get(ir).op("i32.sub").i32(height).op("i32.ge_s").op("i32.and");
            f.if(
              () => f.get(kNow).get(panelA).get(panelB).get(to).get(cRow).get(add).call(parts.kernel),
              () => {
                f.get(kNow)
                  .get(panelA)
                  .get(panelB)
                  .get(spare)
                  .i32(width * bytes)
                  .i32(0)
                  .call(parts.kernel);
                f.get(spare)
                  .i32(width * bytes)
                  .get(to)
                  .get(cRow);
                minimum(
                  () => f.get(iNow).get(ir).op("i32.sub"),
                  () => f.i32(height),
                );
                minimum(
                  () => f.get(jNow).get(jr).op("i32.sub"),
                  () => f.i32(width),
                );
                f.get(add).call(parts.edge);
              },
            );
            advance(f, panelA, () =>
              f
                .get(kNow)
                .i32(height * bytes)
                .op("i32.mul"),
            );
            advance(f, to, () => f.get(cRow).i32(height).op("i32.mul"));
          },
        );
        advance(f, panelB, () =>
          f
            .get(kNow)
            .i32(width * bytes)
            .op("i32.mul"),
        );
      },
    );
  };
  block(
    jAt,
    jNow,
    n,
    () => f.i32(columnsAtOnce(element, tile)),
    () => {
      block(
        kAt,
        kNow,
        k,
        () => f.get(kSize),
        () => {
          f.get(kAt).i32(0).op("i32.ne").set(add);
          address(b, kAt, bRow);
          f.get(jAt)
            .get(bCol)
            .op("i32.mul")
            .op("i32.add")
            .get(bCol)
            .get(bRow)
            .get(packedB)
            .get(jNow)
            .get(kNow)
            .call(parts.packB);
          block(
            iAt,
            iNow,
            m,
            () => f.i32(rowsAtOnce(tile)),
            () => {
              address(a, iAt, aRow);
              f.get(kAt)
                .get(aCol)
                .op("i32.mul")
                .op("i32.add")
                .get(aRow)
                .get(aCol)
                .get(packedA)
                .get(iNow)
                .get(kNow)
                .call(parts.packA);
              tiles();
            },
          );
        },
      );
    },
  );
  return f;
}
