import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeEach, expect, test } from "vitest";
import { concat, curves, eventVersion, noteIds, simpleScalar } from "../../test/logs/helpers.ts";
import { readLogPaths } from "./node-files.ts";
import { globToRegExp } from "./node-list.ts";

const made: string[] = [];
let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "steepest-logs-"));
  made.push(root);
});
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

function put(path: string, content: string | Uint8Array): string {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

const CSV = "step,loss\n0,2\n1,1\n";
const events = (...points: [number, number][]): Uint8Array =>
  concat(eventVersion, ...points.map(([step, value]) => simpleScalar(step, "epoch_loss", value)));

test("a directory is read recursively; what is no log is skipped with its reason", async () => {
  put("a/metrics.csv", CSV);
  put("b/deep/log.jsonl.gz", gzipSync('{"step":1,"loss":2}\n{"step":2,"loss":1}\n'));
  put("b/notes.txt", "remember to buy 7 apples, accuracy: 0.5\n");
  put("model.safetensors", "step,loss\n0,1\n1,2\n");
  const skipped: string[] = [];
  const logs = await readLogPaths([root], { onSkip: (path) => skipped.push(path) });
  expect(logs.map((log) => log.source)).toEqual([
    join(root, "a/metrics.csv"),
    join(root, "b/deep/log.jsonl.gz"),
  ]);
  expect(skipped).toEqual([join(root, "b/notes.txt")]);
});

test("event files of one directory are one run, and its validation directory belongs to it", async () => {
  put("run/train/events.out.tfevents.1.host", events([0, 3], [1, 2]));
  put("run/train/events.out.tfevents.2.host", events([2, 1]));
  put("run/validation/events.out.tfevents.1.host", events([1, 2.5]));
  const logs = await readLogPaths([root]);
  expect(logs.map((log) => [log.source, curves(log)])).toEqual([
    [
      join(root, "run/train"),
      {
        "loss:epoch_loss": [
          [0, 3],
          [1, 2],
          [2, 1],
        ],
        "validation:validation/epoch_loss": [[1, 2.5]],
      },
    ],
  ]);
});

test("an MLflow run: its metric files together, with its parameters", async () => {
  put("mlruns/0/meta.yaml", "name: default\n");
  put("mlruns/0/ab12/metrics/loss", "1664364007310 2.5 0\n1664364007320 1.5 1\n");
  put("mlruns/0/ab12/metrics/val/loss", "1664364007310 3 0\n1664364007320 2 1\n");
  put("mlruns/0/ab12/params/learning_rate", "0.001");
  const [log, ...more] = await readLogPaths([root]);
  expect(more).toEqual([]);
  expect(log).toMatchObject({
    format: "mlflow",
    source: join(root, "mlruns/0/ab12"),
    meta: { learning_rate: 0.001 },
  });
  expect(log!.series.map((s) => `${s.role}:${s.name}`)).toEqual(["loss:loss", "validation:val/loss"]);
});

test("Lightning's hparams.yaml gives the rate that the log leaves out", async () => {
  put("version_0/metrics.csv", "epoch,step,train_loss\n0,1,2\n0,2,1\n");
  put("version_0/hparams.yaml", "lr: 0.001\noptimizer: adam # chosen\nnested:\n  depth: 3\n");
  const [log] = await readLogPaths([root]);
  expect(log!.meta).toEqual({ lr: 0.001, optimizer: "adam" });
});

test("checkpoints repeat the beginning of a history: one run remains", async () => {
  const state = (n: number): string =>
    JSON.stringify({
      log_history: Array.from({ length: n }, (_, i) => ({ loss: 3 - i, step: i + 1 })),
      max_steps: 3,
    });
  put("checkpoint-2/trainer_state.json", state(2));
  put("checkpoint-3/trainer_state.json", state(3));
  put("trainer_state.json", state(3));
  const logs = await readLogPaths([root]);
  expect(logs.map((log) => curves(log)["loss:loss"]!.length)).toEqual([3]);
  expect(noteIds(logs[0])).toContain("checkpoint-copies");
});

test("a glob", async () => {
  put("x/run-1.csv", CSV);
  put("x/run-2.csv", CSV);
  put("x/y/run-3.csv", CSV);
  expect(await readLogPaths([`${root}/x/run-*.csv`])).toHaveLength(2);
  expect(await readLogPaths([`${root}/**/run-[13].csv`])).toHaveLength(2);
  expect(await readLogPaths([`${root}/x/run-{1,2}.csv`])).toHaveLength(2);
  await expect(readLogPaths([`${root}/nothing-*.csv`])).rejects.toMatchObject({ id: "log-not-found" });
  expect(globToRegExp("a.b?/**/c").test("a.bX/c")).toBe(true);
  expect(globToRegExp("*.csv").test("a/b.csv")).toBe(false);
});

test.each([
  ["missing.csv", null, "log-not-found"],
  ["empty.csv", "", "empty-log"],
  ["prose.txt", "Dear diary, today it rained for 3 hours.", "no-metrics"],
])("%s: one error with the path and the reason", async (name, content, id) => {
  const path = content === null ? join(root, name) : put(name, content);
  await expect(readLogPaths([path])).rejects.toMatchObject({ id, where: path });
});

test("a directory without a log says what was tried", async () => {
  put("empty.csv", "");
  await expect(readLogPaths([root])).rejects.toMatchObject({
    id: "no-logs-found",
    where: root,
    message: expect.stringContaining("the file is empty"),
  });
});
