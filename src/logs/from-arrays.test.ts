import { expect, test } from "vitest";
import { diagnose } from "../diagnose/index.ts";
import { fromArrays, seriesOf } from "./index.ts";

const falling = Array.from({ length: 300 }, (_, k) => 2 * Math.exp(-k / 60) + 0.1);

test("names mean what they mean in logs, and validation has steps of its own", () => {
  const log = fromArrays({
    epochEnd: { steps: [99, 199, 299], values: [1, 0.5, 0.4] },
    trainLoss: falling,
    val_loss: { steps: [99, 199, 299], values: [1.1, 0.6, 0.5] },
    learning_rate: Float32Array.from(falling, () => 0.5),
  });
  expect(seriesOf(log, "loss")!.name).toBe("trainLoss");
  expect([...seriesOf(log, "validation")!.steps]).toEqual([99, 199, 299]);
  expect(seriesOf(log, "lr")!.values[0]).toBe(0.5);
  const [run] = diagnose([log]).runs;
  expect(run!.points).toBe(300);
});

test("a role may be given, and values may be anything", () => {
  const log = fromArrays({ elbo: [3, 2, Number.NaN] }, { roles: { elbo: "loss" }, steps: [1, 5, 5] });
  expect([...seriesOf(log, "loss")!.values]).toEqual([3, 2, Number.NaN]);
  expect(diagnose([log]).runs[0]!.findings.map((f) => f.id)).toContain("non-finite");
});

test("steps that don't fit or go back are refused", () => {
  expect(() => fromArrays({ loss: [1, 2] }, { steps: [1] })).toThrow(/2 values and 1 steps, in loss/);
  expect(() => fromArrays({ loss: [1, 2] }, { steps: [2, 1] })).toThrow(/step 2 is 1, after 2, in loss/);
});
