/** Batches that grow while a model trains: which size each step has, and what its rate is multiplied by. */
import { SteepestError } from "../run/errors.ts";
import type { BatchSizes } from "../run/spec.ts";

/** The batch size of one step, and the factor on the learning rate that goes with it. */
export interface SizedStep {
  readonly batchSize: number;
  /** √(size/first size): what the learning rate is multiplied by (Adam's rule for batches). */
  readonly lrFactor: number;
}

/** From `step` on, which begins at `row` of `epoch`, batches have `size` rows. All count from 0. */
export interface BatchStage {
  readonly step: number;
  readonly epoch: number;
  readonly row: number;
  readonly size: number;
}

const complain = (key: string, what: string, help: string): SteepestError =>
  new SteepestError("option", `batchSize.${key} ${what}`, { where: `at batchSize.${key}`, help });

/** Throws `option` for sizes and starts that don't go together. */
export function checkBatchSizes({ sizes, starts }: BatchSizes): void {
  if (sizes.length === 0 || !sizes.every((s) => Number.isInteger(s) && s >= 1)) {
    throw complain("sizes", `is ${JSON.stringify(sizes)}`, "give whole numbers of at least 1");
  }
  const rises = starts.every((s, i) => (i === 0 ? s === 0 : s > starts[i - 1]!));
  if (starts.length !== sizes.length || !rises) {
    throw complain(
      "starts",
      `is ${JSON.stringify(starts)}`,
      `give ${sizes.length} numbers, one for each size, rising from 0`,
    );
  }
  sizes.forEach((size, i) => {
    const last = sizes[i - 1] ?? size;
    if (size % last !== 0 && last % size !== 0) {
      throw complain(
        "sizes",
        `goes from ${last} to ${size}`,
        "let each divide the next, or the next divide it",
      );
    }
  });
}

interface StageOptions {
  /** Rows of an epoch; default: data without end. */
  readonly rows?: number | undefined;
  /** Whether an epoch leaves out rows that fill no batch. */
  readonly dropLast?: boolean | undefined;
  /** How long the run is, where that is known. */
  readonly steps?: number | undefined;
  readonly epochs?: number | undefined;
}

/**
 * Where the size changes, in epochs of `rows` rows. A size waits for a step at which what the epoch has trained on is a
 * whole number of its batches: the order of the data is then that of its batches. Throws `option`.
 */
export function batchStages(
  schedule: BatchSizes,
  {
    rows = Number.POSITIVE_INFINITY,
    dropLast = false,
    steps = Number.POSITIVE_INFINITY,
    epochs = Number.POSITIVE_INFINITY,
  }: StageOptions,
): readonly BatchStage[] {
  checkBatchSizes(schedule);
  const { sizes, starts, unit = "steps" } = schedule;
  const stages: BatchStage[] = [{ step: 0, epoch: 0, row: 0, size: sizes[0]! }];
  let size = sizes[0]!;
  let [epoch, row, examples] = [0, 0, 0];
  let wanted = 0;
  const endEpoch = (): void => {
    if (row < rows && !(dropLast && rows - row < size)) return;
    epoch++;
    row = 0;
  };
  const changes = (): boolean => wanted < sizes.length - 1 || size !== sizes[wanted];
  for (let step = 0; changes() && step < steps && epoch < epochs; step++) {
    const reached = unit === "steps" ? step : examples;
    while (wanted < sizes.length - 1 && starts[wanted + 1]! <= reached) wanted++;
    const next = sizes[wanted]!;
    if (next !== size && row % next === 0) {
      size = next;
      endEpoch();
      stages.push({ step, epoch, row, size });
    }
    const taken = Math.min(size, rows - row);
    examples += taken;
    row += taken;
    endEpoch();
  }
  return stages;
}

/** √(size/first): what the rate is multiplied by where it follows the batch as `lrScaling` says. */
export const lrFactor = (
  size: number,
  { sizes, lrScaling = "none" }: Pick<BatchSizes, "sizes" | "lrScaling">,
): number =>
  lrScaling === "none" ? 1 : lrScaling === "sqrt" ? Math.sqrt(size / sizes[0]!) : size / sizes[0]!;

/** The size of each of the first `count` steps over data without end. Throws `option`. */
export function batchSizesOf(schedule: BatchSizes, count: number): readonly SizedStep[] {
  const stages = batchStages(schedule, { steps: count });
  let at = 0;
  return Array.from({ length: count }, (_, step) => {
    while ((stages[at + 1]?.step ?? Number.POSITIVE_INFINITY) <= step) at++;
    const batchSize = stages[at]!.size;
    return { batchSize, lrFactor: lrFactor(batchSize, { ...schedule, lrScaling: "sqrt" }) };
  });
}
