import { expect, test } from "vitest";
import { scheduleValues } from "./values.ts";

test("the rate follows batches that grow; a size waits for a whole number of its batches", () => {
  const { lrs, batchSizes } = scheduleValues("constant", {
    lr: 0.1,
    steps: 6,
    options: {},
    batchSizes: { sizes: [2, 8], starts: [0, 3], lrScaling: "sqrt" },
  });
  expect(batchSizes).toEqual([2, 2, 2, 2, 8, 8]);
  expect(lrs).toEqual([0.1, 0.1, 0.1, 0.1, 0.2, 0.2]);
});
