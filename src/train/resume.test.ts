import { expect, test } from "vitest";
import { parseRun } from "../run/parse-run.ts";
import { keptSettings, refuseEdited } from "./resume.ts";

const run = parseRun({
  name: "t",
  data: { csv: "/home/a/houses.csv", target: "price" },
  model: { kind: "linear" },
  optimizer: { name: "sgd", lr: 0.1 },
  steps: 5,
});

test("what a checkpoint keeps depends on no order of keys and on no place", () => {
  const { data: _, model, optimizer, ...rest } = run;
  const moved = {
    ...rest,
    optimizer: { lr: 0.1, name: optimizer.name },
    model,
    data: { target: "price", csv: "C:\\b\\houses.csv" },
  };
  expect(JSON.stringify(keptSettings(moved))).toBe(JSON.stringify(keptSettings(run)));
});

test("an edited setting is named; how long a run takes may change", () => {
  const written = keptSettings(run);
  refuseEdited(written, { ...run, steps: 500, backend: "reference" }, { where: "in x" });
  expect(() => refuseEdited(written, { ...run, seed: 1, dtype: "float64" }, { where: "in x" })).toThrow(
    /^dtype was "float32" when the checkpoint was written and is "float64" now \(and 1 more\), in x$/,
  );
  const told: string[] = [];
  refuseEdited(written, { ...run, seed: 1 }, { where: "in x", onDifference: (words) => told.push(words) });
  expect(told).toEqual(["seed was 42 when the checkpoint was written and is 1 now"]);
});
