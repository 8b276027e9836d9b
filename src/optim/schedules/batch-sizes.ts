/** Batches that grow while a model trains: which size each step has, and what its rate is multiplied by. */
import { SteepestError } from "../../run/errors.ts";

/** Batches that grow during a run: which sizes, and from when on. */
export interface BatchSizes {
  /** The sizes in their order; each of two neighbours divides the other. */
  readonly sizes: readonly number[];
  /** From when on each is wanted; the first is 0. */
  readonly starts: readonly number[];
  /** What starts count: optimizer steps, or examples trained on. */
  readonly unit: "steps" | "examples";
}

/** The batch size of one step, and the factor on the learning rate that goes with it. */
export interface SizedStep {
  readonly batchSize: number;
  /** √(size/first size): what the learning rate is multiplied by (Adam's rule for batches). */
  readonly lrFactor: number;
}

const complain = (key: string, what: string, help: string): SteepestError =>
  new SteepestError("option", `batch sizes: ${key} ${what}`, { help });

function check({ sizes, starts }: BatchSizes): void {
  if (sizes.length === 0 || !sizes.every((s) => Number.isInteger(s) && s >= 1)) {
    throw complain("sizes", `are ${JSON.stringify(sizes)}`, "give whole numbers ≥ 1");
  }
  if (
    starts.length !== sizes.length ||
    starts[0] !== 0 ||
    starts.some((s, i) => i > 0 && !(s > starts[i - 1]!))
  ) {
    throw complain("starts", `are ${JSON.stringify(starts)}`, "give one a size, rising from 0");
  }
  sizes.forEach((size, i) => {
    const last = sizes[i - 1] ?? size;
    if (size % last !== 0 && last % size !== 0) {
      throw complain(
        "sizes",
        `go from ${last} to ${size}`,
        "let each divide the next, or the next divide it",
      );
    }
  });
}

/**
 * The size of each of the first `count` steps. A larger size waits for a step at which what has been trained on is a whole
 * number of its batches, so that the order of the data stays that of the large batches. Throws `option`.
 */
export function batchSizesOf(schedule: BatchSizes, count: number): readonly SizedStep[] {
  check(schedule);
  const { sizes, starts, unit } = schedule;
  const steps: SizedStep[] = [];
  let size = sizes[0]!;
  let [done, examples] = [0, 0];
  for (let k = 0; k < count; k++) {
    const reached = unit === "steps" ? k : examples;
    const wanted = sizes[starts.filter((s) => s <= reached).length - 1]!;
    const ready = wanted <= size || done % (wanted / size) === 0;
    if (wanted !== size && ready) {
      done = (done * size) / wanted;
      size = wanted;
    }
    steps.push({ batchSize: size, lrFactor: Math.sqrt(size / sizes[0]!) });
    done++;
    examples += size;
  }
  return steps;
}
