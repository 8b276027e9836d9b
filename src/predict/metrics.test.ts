import { expect, test } from "vitest";
import { classMetrics, numberMetrics } from "./metrics.ts";

// By hand, and as sklearn.metrics gives them for y_true = [0, 0, 1, 1, 1], y_pred = [0, 1, 1, 1, 0].
test("two classes by hand", () => {
  const rows = [
    { truth: 0, predicted: 0, probabilities: [0.9, 0.1] },
    { truth: 0, predicted: 1, probabilities: [0.4, 0.6] },
    { truth: 1, predicted: 1, probabilities: [0.2, 0.8] },
    { truth: 1, predicted: 1, probabilities: [0.3, 0.7] },
    { truth: 1, predicted: 0, probabilities: [0.5, 0.5] },
  ];
  const found = classMetrics(rows, ["a", "b"]);
  expect(found.accuracy).toBe(0.6);
  expect(found.confusion).toEqual([
    [1, 1],
    [1, 2],
  ]);
  expect(found.perClass[0]).toEqual({ name: "a", rows: 2, precision: 0.5, recall: 0.5, f1: 0.5 });
  expect(found.perClass[1]!.precision).toBeCloseTo(2 / 3, 15);
  expect(found.logLoss).toBeCloseTo(-Math.log(0.9 * 0.4 * 0.8 * 0.7 * 0.5) / 5, 15);
  // five rows in five bins: the gaps 0.1, 0.6, 0.2, 0.3 and 0.5
  expect(found.calibrationError).toBeCloseTo((0.1 + 0.6 + 0.2 + 0.3 + 0.5) / 5, 12);
  expect(found.calibration!.map(({ rows, accuracy }) => [rows, accuracy])).toEqual([
    [1, 0],
    [1, 0],
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
  expect(found.top5).toBeUndefined();
});

test("a class that is never predicted has no precision; without probabilities there is no log loss", () => {
  const rows = [
    { truth: 0, predicted: 1, probabilities: null },
    { truth: 1, predicted: 1, probabilities: null },
  ];
  const { perClass, logLoss } = classMetrics(rows, ["a", "b"]);
  expect(perClass[0]).toEqual({ name: "a", rows: 1, precision: null, recall: 0, f1: null });
  expect(logLoss).toBeUndefined();
});

test("six classes have a top five", () => {
  const probabilities = [0.3, 0.25, 0.2, 0.15, 0.07, 0.03];
  const rows = [4, 5].map((truth) => ({ truth, predicted: 0, probabilities }));
  expect(classMetrics(rows, [..."abcdef"]).top5).toBe(0.5);
});

test("numbers by hand: errors 1, −1, 2, 0 around a mean of 2.5", () => {
  const found = numberMetrics([1, 2, 3, 4], [2, 1, 5, 4]);
  expect(found.rmse).toBeCloseTo(Math.sqrt(6 / 4), 15);
  expect(found.mae).toBe(1);
  expect(found.r2).toBeCloseTo(1 - 6 / 5, 15);
  expect(numberMetrics([2, 2], [1, 3]).r2).toBeNull();
});
