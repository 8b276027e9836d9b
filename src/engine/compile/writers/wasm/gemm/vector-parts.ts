/**
 * What the products with a vector share. y = M·x with M rows × columns of any strides. Parameters of every function:
 * (m, mRow, mCol, x, xStride, y, yStride, rows, columns, scratch), strides in bytes; rows, columns ≥ 1.
 */
import { FunctionWriter, type Local } from "../assembler/assembler.ts";
import type { Kind } from "./tile.ts";

/** Columns summed before the sum is added to the total, so that long sums lose less. */
export const PARTIAL = 1024;

export const newWriter = (): FunctionWriter => new FunctionWriter(Array.from({ length: 10 }, () => "i32"));
export const M = 0;
export const M_ROW = 1;
export const M_COL = 2;
export const X = 3;
export const X_STRIDE = 4;
export const Y = 5;
export const Y_STRIDE = 6;
export const ROWS = 7;
export const COLUMNS = 8;
export const SCRATCH = 9;

/** A loop that runs while `left` ≥ step, taking step off each time. */
export function whileLeft(f: FunctionWriter, left: Local, step: number, body: () => void): void {
  f.block(() => {
    f.get(left).i32(step).op("i32.lt_s").brIf(0);
    f.loop(() => {
      body();
      f.get(left).i32(step).op("i32.sub").tee(left).i32(step).op("i32.ge_s").brIf(0);
    });
  });
}

/** Lane after lane from `at`, `stride` apart; `next` keeps the address. */
export function gather(
  f: FunctionWriter,
  { element }: Kind,
  at: Local,
  stride: Local,
  next: Local,
  into: Local,
): void {
  f.get(at).memory(element.alone).set(into);
  for (let lane = 1; lane < element.lanes; lane++) {
    f.get(lane === 1 ? at : next)
      .get(stride)
      .op("i32.add")
      .tee(next);
    f.get(into).laneMemory(element.loadLane, lane).set(into);
  }
}
