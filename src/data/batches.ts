/**
 * Which rows each step sees. Batches may grow at given steps; an epoch's order is a function of (seed, epoch) alone: any
 * step can be asked for first, so a resumed run needs nothing but its step number.
 */
import { permutationInto, streamKey } from "../random/index.ts";
import { SteepestError } from "../run/errors.ts";
import type { BatchSizes } from "../run/spec.ts";
import { type BatchStage, batchStages } from "./batch-sizes.ts";
import { type DataArray, type Rows, rowSize } from "./dataset.ts";

/** How rows are cut into batches, and which batch each step takes. */
export interface BatchPlan {
  readonly n: number;
  /** Rows of a whole batch, of the first one where they grow; "full" is resolved to n. */
  readonly batchSize: number;
  /** Rows of the largest whole batch. */
  readonly largest: number;
  /** Steps of an epoch, in batches of the first size where they grow. */
  readonly stepsPerEpoch: number;
  /** From which steps on batches have which size: one entry, or more where they grow. */
  readonly stages: readonly BatchStage[];
  /** The epoch, from 0, that a step (from 0, over the whole run) belongs to. */
  epochOf(step: number): number;
  /** The row, from 0, of its epoch at which a step begins. */
  rowOf(step: number): number;
  /** Whether a step is the last of its epoch. */
  endsEpoch(step: number): boolean;
  /** The number of steps that so many epochs take. */
  stepsIn(epochs: number): number;
  /** Rows of a whole batch at this step. */
  wholeSizeOf(step: number): number;
  /** Rows in this step's batch: a whole one's, or fewer in the last batch of an epoch. */
  sizeOf(step: number): number;
  /** The row numbers of this step's batch: a view that the next call may overwrite. */
  rowsOf(step: number): Int32Array;
  /**
   * Copies this step's rows to the front of `outX` and `outY` (which may be of another numeric type, and longer) and
   * returns how many rows there are. Allocates nothing that grows with the data; `outY` may be null.
   */
  fill(step: number, features: Rows, target: Rows, outX: DataArray, outY: DataArray | null): number;
}

/**
 * Sizes that change need to know how long the run is: steps or epochs. Throws `batch-size` for a size that is not a whole
 * number from 1 to n, and `option` for sizes that don't go together.
 */
export function batchPlan({
  n,
  batchSize,
  shuffle = true,
  dropLast = false,
  seed = 0,
  steps,
  epochs,
}: {
  n: number;
  batchSize: number | "full" | BatchSizes;
  shuffle?: boolean;
  dropLast?: boolean;
  seed?: number;
  steps?: number | undefined;
  epochs?: number | undefined;
}): BatchPlan {
  const sizes =
    typeof batchSize === "object"
      ? batchSize
      : { sizes: [batchSize === "full" ? n : batchSize], starts: [0] };
  for (const size of sizes.sizes) checkBatchSize(size, n);
  const stages = batchStages(sizes, { rows: n, dropLast, steps, epochs });
  const size = stages[0]!.size;
  let made: Int32Array | undefined;
  const order = (): Int32Array => {
    made ??= Int32Array.from({ length: n }, (_, i) => i);
    return made;
  };
  // A full batch holds every row whatever the order; keeping the order keeps its sums reproducible.
  const key = shuffle && size < n ? streamKey(seed, "batches") : null;
  let ordered = -1;

  const { place, stepsIn } = placesIn(stages, { n, dropLast });
  const stepsPerEpoch = countOf(n, size, dropLast);
  const epochOf = (step: number): number => place(step).epoch;
  const sizeOf = (step: number): number => {
    const { row, size } = place(step);
    return Math.min(size, n - row);
  };
  const prepare = (step: number): number => {
    const { epoch, row } = place(step);
    if (key && epoch !== ordered) {
      permutationInto(order(), key, epoch);
      ordered = epoch;
    }
    return row;
  };
  return {
    n,
    batchSize: size,
    largest: Math.max(...stages.map((s) => s.size)),
    stepsPerEpoch,
    stages,
    epochOf,
    rowOf: (step) => place(step).row,
    endsEpoch: (step) => place(step).epoch !== place(step + 1).epoch,
    stepsIn,
    wholeSizeOf: (step) => place(step).size,
    sizeOf,
    rowsOf(step) {
      const start = prepare(step);
      return order().subarray(start, start + sizeOf(step));
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

interface Place {
  epoch: number;
  row: number;
  /** Rows of a whole batch. */
  size: number;
}

/** Batches of this size that so many rows give. */
const countOf = (rows: number, size: number, dropLast: boolean): number =>
  dropLast ? Math.floor(rows / size) : Math.ceil(rows / size);

/** Where each step begins (one record, overwritten by the next call), and how many steps epochs take. */
function placesIn(
  stages: readonly BatchStage[],
  { n, dropLast }: { n: number; dropLast: boolean },
): { place: (step: number) => Readonly<Place>; stepsIn: (epochs: number) => number } {
  const count = (rows: number, size: number): number => countOf(rows, size, dropLast);
  const at: Place = { epoch: 0, row: 0, size: 0 };
  return {
    place: (step) => {
      let i = stages.length - 1;
      while (stages[i]!.step > step) i--;
      const stage = stages[i]!;
      const after = step - stage.step - count(n - stage.row, stage.size);
      const perEpoch = count(n, stage.size);
      at.size = stage.size;
      at.epoch = after < 0 ? stage.epoch : stage.epoch + 1 + Math.floor(after / perEpoch);
      at.row = after < 0 ? stage.row + (step - stage.step) * stage.size : (after % perEpoch) * stage.size;
      return at;
    },
    stepsIn: (epochs) => {
      const last = stages.findLast((s) => s.epoch < epochs);
      if (last === undefined) return 0;
      const rest = count(n - last.row, last.size);
      return last.step + rest + (epochs - 1 - last.epoch) * count(n, last.size);
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
  orderOf: () => Int32Array,
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
  const order = orderOf();
  for (let k = 0; k < count; k++) {
    const from = order[start + k]! * rowStride;
    const to = k * size;
    if (size >= LONG_ROW) out.set(data.subarray(from, from + size), to);
    else for (let j = 0; j < size; j++) out[to + j] = data[from + j]!;
  }
}
