/** Readers that take a path, and those of a trained run's new data. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sqlite from "node-sqlite3-wasm";
import { memoryHost } from "../../../src/data/index.ts";
import { wasm } from "../../../src/engine/backends/wasm.ts";
import { readLogPaths } from "../../../src/logs/node-files.ts";
import { type LoadedRun, loadRun } from "../../../src/predict/load-run.ts";
import { readPicture } from "../../../src/predict/node-pictures.ts";
import { parseRun } from "../../../src/run/parse-run.ts";
import { buildRun, train } from "../../../src/train/index.ts";
import { readRunLog } from "../../../src/train/node-metrics.ts";
import { analyzeProbe } from "../../../src/tune/probe/analysis.ts";
import { parseProbe } from "../../../src/tune/probe/read.ts";
import { repairPng } from "./repair.ts";
import { bytesOf, file, files, type Target, textOf } from "./target.ts";

const folder = mkdtempSync(join(tmpdir(), "steepest-fuzzed-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** The bytes as a file of that name. */
const asFile = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, `${process.pid}-${name}`);
  writeFileSync(path, bytes);
  return path;
};

function database(): Uint8Array {
  const path = join(folder, `${process.pid}-seed.db`);
  rmSync(path, { force: true });
  const db = new sqlite.Database(path);
  db.exec("PRAGMA page_size = 1024");
  db.exec("CREATE TABLE metrics (run_name TEXT, step INTEGER, metrics TEXT)");
  for (let i = 0; i < 40; i++) {
    const metrics = `{"train": {"loss": ${2 / (1 + i)}}, "lr": 0.1}`;
    db.run("INSERT INTO metrics VALUES (?, ?, ?)", [i < 20 ? "a" : "b", i % 20, metrics]);
  }
  db.close();
  return readFileSync(path);
}

const metrics = (): Uint8Array => {
  const head = '{"schema":"steepest.metrics/1","name":"t","optimizer":"sgd","lr":0.1,"batchSize":32}';
  const row = (i: number): string => `{"step":${i},"loss":${2 / i},"gradNorm":"NaN","lr":0.1}`;
  const rows = Array.from({ length: 40 }, (_, i) => row(i + 1));
  return bytesOf([head, ...rows, '{"step":40,"epoch":1,"validationLoss":0.5}', ""].join("\n"));
};

const probeFile = (): Uint8Array => {
  const groups = [{ name: "0", lr: 1e-3, parameters: 10 }];
  const head = {
    schema: "steepest.probe/1",
    optimizer: "AdamW",
    groups,
    parameters: 10,
    accumulate: 2,
    processes: 4,
  };
  const row = (step: number): object => ({
    ...{ step, batch_rows: 8, sharpness: 100 + step, sharpness_error: 1, limit: 0.38, stability: 0.003 },
    ...{ noise_gradient_squared: 1, noise_trace: 64, grad_norm: 0.5, update_ratio: 0.001 },
  });
  return bytesOf([head, ...[1, 2, 3, 4].map(row)].map((r) => JSON.stringify(r)).join("\n"));
};

/** A run on a table of every kind of column. */
async function trainedOnTable(): Promise<LoadedRun> {
  const houses = file("examples/houses.csv");
  const spec = parseRun({
    name: "t",
    data: { csv: "houses.csv", target: "price", categorical: ["district"], standardize: true },
    model: { kind: "linear" },
    loss: "mse",
    optimizer: { name: "sgd", lr: 0.01 },
    steps: 3,
  });
  const built = await buildRun(spec, { host: memoryHost({ "houses.csv": houses }), backend: wasm });
  let saved: Uint8Array = new Uint8Array(0);
  await train(built, {
    store: {
      appendMetrics: (text) => text.length,
      saveCheckpoint: (_, bytes) => {
        saved = bytes;
      },
    },
  });
  return loadRun(saved);
}
let model: Promise<LoadedRun> | undefined;
const newRows = (format: "csv" | "jsonl"): Target["read"] => {
  return async (bytes) => {
    model ??= trainedOnTable();
    return (await model).evaluate({ host: memoryHost({ x: bytes }), path: "x", format });
  };
};

export const FILE_TARGETS: readonly Target[] = [
  {
    name: "log sqlite",
    seeds: () => [database()],
    read: (bytes) => readLogPaths([asFile("log.db", bytes)]),
  },
  {
    name: "own metrics",
    seeds: () => [metrics()],
    read: (bytes) => readRunLog(asFile("metrics.jsonl", bytes), "x"),
  },
  {
    name: "probe",
    seeds: () => [probeFile()],
    read: (bytes) => analyzeProbe(parseProbe(textOf(bytes), "x"), "x"),
  },
  {
    name: "picture",
    seeds: () => files("test/predict/pictures", /\.(png|jpg)$/),
    read: (bytes) => readPicture(asFile("picture", bytes)),
    repair: repairPng,
  },
  { name: "rows CSV", seeds: () => [file("examples/houses.csv")], read: newRows("csv") },
  {
    name: "rows JSONL",
    seeds: () => [
      bytesOf(
        '{"area": 70.7, "rooms": 3, "district": "harbour", "age": 68, "price": 233.3}\n[50, 2, "old town", 10, 100]\n',
      ),
    ],
    read: newRows("jsonl"),
  },
];
