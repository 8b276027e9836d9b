import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sqlite from "node-sqlite3-wasm";
import { afterAll, expect, test } from "vitest";
import { seriesOf } from "../run/log.ts";
import { readLogPaths } from "./node-files.ts";

const folder = mkdtempSync(join(tmpdir(), "steepest-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A database made by the given statements; each value list is one run of the statement before it. */
function database(name: string, ...steps: readonly (string | readonly (string | number | null)[])[]): string {
  const path = join(folder, name);
  const db = new sqlite.Database(path);
  let statement = "";
  db.exec("BEGIN");
  for (const step of steps) {
    if (typeof step !== "string") db.run(statement, [...step]);
    else if (step.startsWith("INSERT")) statement = step;
    else db.exec(step);
  }
  db.exec("COMMIT");
  db.close();
  return path;
}

const loss = (i: number): number => 0.2 + 2 * Math.exp(-i / 9);
const each = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));

test("trackio: a row a step with its metrics as JSON, NaN spelled out; runs by their names, settings beside them", async () => {
  const path = database(
    "project.db",
    "CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_id TEXT, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT)",
    "CREATE TABLE configs (id INTEGER PRIMARY KEY, run_id TEXT, run_name TEXT, config TEXT)",
    "CREATE TABLE system_metrics (id INTEGER PRIMARY KEY, run_id TEXT, run_name TEXT, metrics TEXT)",
    "INSERT INTO configs (run_id, run_name, config) VALUES (?, ?, ?)",
    ["a", "first", '{"lr": 0.1, "batch_size": 32}'],
    "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?, '', ?, ?, ?)",
    ...["a", "b"].flatMap((run) =>
      each(12, (i) => {
        const value = run === "b" && i === 11 ? '"NaN"' : String(loss(i));
        return [run, run === "a" ? "first" : "second", i * 10, `{"train": {"loss": ${value}}, "lr": 0.1}`];
      }),
    ),
  );
  const [a, b] = await readLogPaths([path]);
  expect([a!.run, b!.run, a!.format]).toEqual(["first", "second", "sqlite"]);
  expect(a!.meta).toMatchObject({ lr: 0.1, batch_size: 32 });
  expect([...seriesOf(a!, "loss")!.steps]).toEqual(each(12, (i) => i * 10));
  expect([...seriesOf(a!, "loss")!.values]).toEqual(each(12, loss));
  expect(seriesOf(b!, "loss")!.values[11]).toBeNaN();
  // nothing was written beside it
  expect(readdirSync(folder).filter((file) => file.startsWith("project"))).toEqual(["project.db"]);
});

test("MLflow: a row a value; deleted runs and the copy of the last values are left out", async () => {
  const path = database(
    "mlflow.db",
    "CREATE TABLE runs (run_uuid TEXT, name TEXT, lifecycle_stage TEXT)",
    "CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER)",
    "CREATE TABLE latest_metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER)",
    "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT)",
    "INSERT INTO runs VALUES (?, ?, ?)",
    ["u1", "adam", "active"],
    ["u2", "old", "deleted"],
    "INSERT INTO params VALUES ('optimizer', ?, ?)",
    ["adam", "u1"],
    "INSERT INTO metrics VALUES (?, ?, 0, ?, ?, ?)",
    ...["u1", "u2"].flatMap((run) => each(10, (i) => ["train_loss", loss(i), run, i, 0])),
    ["val_loss", 0.5, "u1", 5, 0],
    ["val_loss", 0, "u1", 8, 1],
    ["val_loss", Number.MAX_VALUE, "u1", 9, 0],
    "INSERT INTO latest_metrics VALUES (?, ?, 0, ?, ?, 0)",
    ["train_loss", loss(9), "u1", 9],
  );
  const logs = await readLogPaths([path]);
  expect(logs.map((log) => log.run)).toEqual(["adam"]);
  expect(logs[0]!.meta).toMatchObject({ optimizer: "adam" });
  expect([...seriesOf(logs[0]!, "loss")!.values]).toEqual(each(10, loss));
  expect([...seriesOf(logs[0]!, "validation")!.values]).toEqual([0.5, Number.NaN, Number.POSITIVE_INFINITY]);
});

test("a table with a column a metric", async () => {
  const path = database(
    "columns.sqlite",
    "CREATE TABLE history (id INTEGER PRIMARY KEY, epoch INTEGER, loss REAL, val_loss REAL)",
    "INSERT INTO history (epoch, loss, val_loss) VALUES (?, ?, ?)",
    ...each(9, (i) => [i, loss(i), i % 2 === 0 ? loss(i) + 0.1 : null]),
  );
  const [log] = await readLogPaths([path]);
  expect(log!.stepUnit).toBe("epoch");
  expect([...seriesOf(log!, "loss")!.values]).toEqual(each(9, loss));
  expect(seriesOf(log!, "validation")!.values.length).toBe(5);
});

test("no metrics, and a database cut short, are said in one line", async () => {
  const none = database("users.db", "CREATE TABLE users (id INTEGER, name TEXT)");
  await expect(readLogPaths([none])).rejects.toMatchObject({ id: "no-metrics" });
  const cut = database(
    "cut.db",
    "CREATE TABLE metrics (run_id TEXT, step INTEGER, metrics TEXT)",
    "INSERT INTO metrics VALUES ('a', ?, ?)",
    ...each(300, (i) => [i, `{"loss": ${loss(i)}, "note": "${"x".repeat(200)}"}`]),
  );
  truncateSync(cut, 9000);
  await expect(readLogPaths([cut])).rejects.toMatchObject({ id: "bad-database" });
  const name = join(folder, "named.db");
  writeFileSync(name, "step 1 loss 2.5\nstep 2 loss 2.25\nstep 3 loss 2\n");
  expect(seriesOf((await readLogPaths([name]))[0]!, "loss")!.values.length).toBe(3);
});
