/**
 * Which rows each step sees. Step s belongs to epoch ⌊s / stepsPerEpoch⌋, and an epoch's order is a function of
 * (seed, epoch) alone: any step can be asked for first, so a resumed run needs nothing but its step number.
 */
import { permutationInto, streamKey } from "../random/index.ts";
import { SteepestError } from "../run/errors.ts";
import { type DataArray, type Rows, rowSize } from "./dataset.ts";

/** How rows are cut into batches, and which batch each step takes. */
export interface BatchPlan {
  readonly n: number;
  /** Rows of a whole batch; "full" is resolved to n. */
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  /** The epoch, from 0, that a step (from 0, over the whole run) belongs to. */
  epochOf(step: number): number;
  /** Rows in this step's batch: batchSize, or fewer in the last batch of an epoch. */
  sizeOf(step: number): number;
  /** The row numbers of this step's batch: a view that the next call may overwrite. */
  rowsOf(step: number): Int32Array;
  /**
   * Copies this step's rows to the front of `outX` and `outY` (which may be of another numeric type, and longer) and
   * returns how many rows there are. Allocates nothing that grows with the data; `outY` may be null.
   */
  fill(step: number, features: Rows, target: Rows, outX: DataArray, outY: DataArray | null): number;
}

/** Throws `batch-size` for a size that is not a whole number from 1 to n. */
export function batchPlan({
  n,
  batchSize,
  shuffle = true,
  dropLast = false,
  seed = 0,
}: {
  n: number;
  batchSize: number | "full";
  shuffle?: boolean;
  dropLast?: boolean;
  seed?: number;
}): BatchPlan {
  const size = batchSize === "full" ? n : batchSize;
  checkBatchSize(size, n);
  const stepsPerEpoch = dropLast ? Math.floor(n / size) : Math.ceil(n / size);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  // A full batch holds every row whatever the order; keeping the order keeps its sums reproducible.
  const key = shuffle && size < n ? streamKey(seed, "batches") : null;
  let ordered = -1;

  const epochOf = (step: number): number => Math.floor(step / stepsPerEpoch);
  const sizeOf = (step: number): number => Math.min(size, n - (step % stepsPerEpoch) * size);
  const prepare = (step: number): number => {
    const epoch = epochOf(step);
    if (key && epoch !== ordered) {
      permutationInto(order, key, epoch);
      ordered = epoch;
    }
    return (step % stepsPerEpoch) * size;
  };
  return {
    n,
    batchSize: size,
    stepsPerEpoch,
    epochOf,
    sizeOf,
    rowsOf(step) {
      const start = prepare(step);
      return order.subarray(start, start + sizeOf(step));
    },
    fill(step, features, target, outX, outY) {
      const start = prepare(step);
      const count = sizeOf(step);
      const inOrder = key === null;
      copyRows(features, order, start, count, inOrder, outX);
      if (outY) copyRows(target, order, start, count, inOrder, outY);
      return count;
    },
  };
}

function checkBatchSize(size: number, n: number): void {
  if (!Number.isInteger(size) || size < 1) {
    throw new SteepestError(
      "batch-size",
      `the batch size must be a whole number of rows or "full", not ${size}`,
      {
        help: "64 is a common choice",
      },
    );
  }
  if (size > n) {
    throw new SteepestError("batch-size", `a batch of ${size} rows is larger than the data, which has ${n}`, {
      help: `use a batch size of at most ${n}, or "full"`,
    });
  }
}

/** From this many values on, a view per row and a block copy beat a plain loop (measured: 784 values, 10 times). */
const LONG_ROW = 32;

function copyRows(
  rows: Rows,
  order: Int32Array,
  start: number,
  count: number,
  inOrder: boolean,
  out: DataArray,
): void {
  const { data, rowStride } = rows;
  const size = rowSize(rows);
  if (inOrder && rowStride === size) {
    out.set(data.subarray(start * size, (start + count) * size));
    return;
  }
  for (let k = 0; k < count; k++) {
    const from = order[start + k]! * rowStride;
    const to = k * size;
    if (size >= LONG_ROW) out.set(data.subarray(from, from + size), to);
    else for (let j = 0; j < size; j++) out[to + j] = data[from + j]!;
  }
}
