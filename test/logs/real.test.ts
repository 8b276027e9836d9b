/** Real logs (test/logs/real/README.md says where they come from): each is read with the points it holds. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { RunLog } from "../../src/logs/index.ts";
import { seriesOf } from "../../src/logs/index.ts";
import { readLogPaths } from "../../src/logs/node-files.ts";
import { noteIds } from "./helpers.ts";

const folder = fileURLToPath(new URL("real/", import.meta.url));
const one = async (start: string): Promise<RunLog> => {
  const name = readdirSync(folder).find((n) => n.startsWith(start))!;
  const logs = await readLogPaths([folder + name]);
  expect(logs).toHaveLength(1);
  return logs[0]!;
};
const values = (log: RunLog, role: Parameters<typeof seriesOf>[1]): number[] => [
  ...(seriesOf(log, role)?.values ?? []),
];

// grep -c "lm loss" → 11; grep -o "grad norm: [0-9.]*" gives the norms; the losses are the README's
test("Megatron-DeepSpeed: loss, gradient norm and counters of every iteration, and that it begins late", async () => {
  const log = await one("01-");
  expect(log.format).toBe("text");
  expect(
    values(log, "loss")
      .slice(0, 6)
      .map((v) => v.toFixed(2)),
  ).toEqual("2.20 2.22 2.60 2.24 2.35 5.10".split(" "));
  expect(values(log, "gradNorm").slice(0, 6)).toEqual([0.242, 0.947, 2.39, 15.886, 145.119, 960.351]);
  expect(seriesOf(log, "loss")!.steps[0]).toBe(31214);
  expect(values(log, "lr")[0]).toBe(5.279e-5);
  expect(values(log, "nanCount")).toEqual(new Array(11).fill(0));
  expect(seriesOf(log, "skipped")!.name).toBe("number of skipped iterations");
  expect(noteIds(log)).toContain("resumed");
  expect(log.meta["maxSteps"]).toBe(115311);
});

// grep -c '^iter' → 2156, grep -c '^step' → 11
test("nanoGPT: the batch loss and the evaluated train loss stay two series", async () => {
  const log = await one("03-");
  const losses = log.series.filter((s) => s.role === "loss").map((s) => [s.name, s.values.length]);
  expect(losses).toEqual([
    ["loss", 2156],
    ["train loss", 11],
  ]);
  expect(seriesOf(log, "validation")!.values).toHaveLength(11);
  expect(noteIds(log)).toContain("chosen-loss");
});

test("W&B's binary form: 39 steps by the trainer's own step, with the run's settings", async () => {
  const log = await one("05-");
  expect(log).toMatchObject({ format: "wandb", stepUnit: "step", run: "5hx57wy1" });
  const loss = seriesOf(log, "loss")!;
  expect(loss.values).toHaveLength(39);
  expect([loss.steps[0], loss.steps[38]]).toEqual([1, 39]);
  expect(seriesOf(log, "lr")!.values).toHaveLength(39);
  expect(log.meta["hidden_size"]).toBe(4096);
  expect(noteIds(log)).not.toContain("corrupt-record");
});

test("Hugging Face: 1218 steps, and the summary row is no point of the loss", async () => {
  const log = await one("06-");
  expect(log.format).toBe("hf-trainer");
  expect(values(log, "loss")).toHaveLength(1218);
  expect(values(log, "loss")[0]).toBe(1.5021);
  expect(log.series.filter((s) => s.role === "loss")).toHaveLength(1);
  expect(log.meta["train_loss"]).toBeCloseTo(0.7484517, 6);
  expect(log.meta["max_steps"]).toBe(1218);
});

// awk -F, '$4 != ""' → 200 and '$5 != ""' → 51 rows in each
test.each(["11-", "12-", "13-"])(
  "a sparse CSV (%s): 200 losses, 51 validations at repeated steps",
  async (start) => {
    const log = await one(start);
    expect(log).toMatchObject({ format: "csv", stepUnit: "step" });
    expect(values(log, "loss")).toHaveLength(200);
    expect(values(log, "validation")).toHaveLength(51);
    expect(values(log, "lr")).toHaveLength(200);
    expect(noteIds(log)).toEqual([]);
  },
);

test("Keras' tensor scalars: one point in each of four tags", async () => {
  const log = await one("21-");
  const found = log.series.map((s) => [s.name, s.role, s.values.length]);
  expect(found).toEqual([
    ["epoch_loss", "loss", 1],
    ["evaluation_loss_vs_iterations", "validation", 1],
    ["epoch_accuracy", "accuracy", 1],
    ["evaluation_accuracy_vs_iterations", "validationAccuracy", 1],
  ]);
  // bytes 17 a5 89 3f of the file as a little-endian float
  expect(seriesOf(log, "loss")!.values[0]).toBeCloseTo(1.0753506, 6);
});

test("the whole directory gives one run per log", async () => {
  expect(await readLogPaths([folder])).toHaveLength(8);
});
