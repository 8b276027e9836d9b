/**
 * Metrics in an SQLite database (trackio's, MLflow's, or any with a table of steps) → RunLogs. Node only, and loaded only
 * where a file is one: SQLite itself is 1.3 MB.
 */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "node-sqlite3-wasm";
import { SteepestError } from "../run/errors.ts";
import type { RunLog } from "../run/log.ts";
import { finishRuns } from "./finish.ts";
import { flatten, parseRecord } from "./loose-json.ts";
import { parseNumber } from "./number.ts";
import { Recorder } from "./recorder.ts";
import { createRowWriter } from "./row-writer.ts";
import { type MetricTable, metricTable, type Table } from "./tables.ts";
import { DEFAULT_POINTS, type ReadOptions } from "./types.ts";

type Cell = number | bigint | string | Uint8Array | null;
type Row = Readonly<Record<string, Cell>>;

/**
 * All runs of the database, each under its name. It is read from a copy, with what its writer has not put into the main
 * file yet: nothing is locked, and nothing is written beside the original.
 *
 * @throws SteepestError `no-metrics` where no table has steps and metrics, `bad-database` where SQLite can't read it
 */
export async function readSqlite(path: string, options: Omit<ReadOptions, "source">): Promise<RunLog[]> {
  const { Database: Sqlite } = (await import("node-sqlite3-wasm")).default;
  const folder = await mkdtemp(join(tmpdir(), "steepest-db-"));
  try {
    const copy = join(folder, "log.db");
    await copyFile(path, copy);
    await copyFile(`${path}-wal`, `${copy}-wal`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    const db = new Sqlite(copy);
    try {
      db.exec("PRAGMA locking_mode = EXCLUSIVE"); // a write-ahead log is read without shared memory then
      return logsOf(db, { ...options, source: path });
    } finally {
      db.close();
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "SQLite3Error") throw error;
    throw new SteepestError("bad-database", `SQLite can't read this database (${error.message})`, {
      where: path,
      help: "if a program is writing to it, try again; else export the metrics as CSV",
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function logsOf(db: Database, options: ReadOptions): RunLog[] {
  const tables = rows(db, "SELECT name FROM sqlite_master WHERE type = 'table'").map((t) => ({
    name: String(t["name"]),
    columns: rows(db, `PRAGMA table_info(${quoted(String(t["name"]))})`).map((c) => String(c["name"])),
  }));
  const names = runNames(db, tables);
  const facts = settings(db, tables);
  const logs = tables.flatMap((t) => {
    const table = metricTable(t);
    if (table === null) return [];
    const runs = table.run === null ? [null] : distinct(db, table.table, table.run);
    return runs
      .filter((run) => run === null || names.get(String(run)) !== null)
      .flatMap((run) => {
        const recorder = new Recorder(options.maxPoints ?? DEFAULT_POINTS);
        const name = record(db, table, run, recorder, options) ?? names.get(String(run)) ?? run;
        return finishRuns(recorder, {
          final: true,
          format: "sqlite",
          options,
          run: name === null ? null : String(name),
          meta: facts.get(String(run)) ?? {},
        });
      });
  });
  if (logs.length > 0) return logs;
  throw new SteepestError("no-metrics", "no table of this database holds steps with metrics", {
    where: options.source,
    help: `its tables are ${tables.map((t) => t.name).join(", ") || "none"}; export the run's metrics as CSV`,
  });
}

/** Writes one run's points; gives the run's name where its rows have one. */
function record(
  db: Database,
  table: MetricTable,
  run: Cell,
  recorder: Recorder,
  options: ReadOptions,
): string | null {
  const where = table.run === null ? "" : ` WHERE ${quoted(table.run)} IS ?`;
  const statement = db.prepare(`SELECT * FROM ${quoted(table.table)}${where}${orderOf(table)}`);
  const all = statement.iterate(table.run === null ? [] : [run]) as Iterable<Row>;
  const name =
    table.kind === "values" ? putValues(all, table, recorder) : putRows(all, table, recorder, options);
  statement.finalize();
  return name;
}

/** Values metric by metric, along their steps; rows as they were written, so that a resume is seen. */
function orderOf(table: MetricTable): string {
  if (table.kind !== "values") return "";
  return ` ORDER BY ${[table.key, table.step]
    .filter((c) => c !== null)
    .map(quoted)
    .join(", ")}`;
}

function putValues(
  all: Iterable<Row>,
  { key, value, step, nan, runName }: MetricTable & { kind: "values" },
  recorder: Recorder,
): string | null {
  let name: string | null = null;
  let last: string | null = null;
  for (const row of all) {
    name = nameIn(row, runName) ?? name;
    const series = key === null ? "value" : String(row[key]);
    if (series !== last) recorder.backToFirstRun();
    last = series;
    const number = nan !== null && Number(row[nan]) === 1 ? Number.NaN : unbounded(numberOf(row[value]!));
    if (number !== null) recorder.at(recorder.series(series), Number(row[step]), number);
  }
  return name;
}

function putRows(
  all: Iterable<Row>,
  table: MetricTable & { kind: "documents" | "columns" },
  recorder: Recorder,
  options: ReadOptions,
): string | null {
  const writer = createRowWriter(recorder, options);
  let name: string | null = null;
  for (const row of all) {
    name = nameIn(row, table.runName) ?? name;
    const found = new Map([[table.step, Number(row[table.step])]]);
    const put = (series: string, number: number): void => {
      if (!found.has(series)) found.set(series, number);
    };
    if (table.kind === "documents")
      flatten(parseRecord(String(row[table.document])) ?? {}, put, writer.sawNull);
    else
      for (const [column, cell] of Object.entries(row)) {
        const number = column === "id" || column === table.run ? null : numberOf(cell);
        if (number !== null) put(column, number);
      }
    writer.write({ names: [...found.keys()], values: [...found.values()] });
  }
  writer.end();
  return name;
}

const nameIn = (row: Row, column: string | null): string | null => {
  const name = column === null ? null : row[column];
  return typeof name === "string" ? name : null;
};

/** Run ids → names; null for a run that was deleted. */
function runNames(db: Database, tables: readonly Table[]): Map<string, string | null> {
  const runs = tables.find((t) => t.name === "runs");
  const id = ["run_uuid", "run_id", "id"].find((c) => runs?.columns.includes(c));
  const names = new Map<string, string | null>();
  if (!runs || id === undefined) return names;
  for (const row of rows(db, 'SELECT * FROM "runs"'))
    names.set(String(row[id]), row["lifecycle_stage"] === "deleted" ? null : String(row["name"] ?? row[id]));
  return names;
}

/** Run ids → the settings stored beside the metrics, plain numbers and short words. */
function settings(db: Database, tables: readonly Table[]): Map<string, Record<string, string | number>> {
  const facts = new Map<string, Record<string, string | number>>();
  const keep = (run: Cell, key: string, value: Cell): void => {
    const text = String(value);
    const of = facts.get(String(run)) ?? {};
    if (text.length <= 80 && Object.keys(of).length < 100) of[key] = parseNumber(text) ?? text;
    facts.set(String(run), of);
  };
  for (const { name, columns } of tables) {
    const run = ["run_uuid", "run_id", "run_name"].find((c) => columns.includes(c));
    if (run === undefined) continue;
    if (name === "params" && columns.includes("key") && columns.includes("value"))
      for (const row of rows(db, 'SELECT * FROM "params"'))
        keep(row[run]!, String(row["key"]), row["value"]!);
    if (name === "configs" && columns.includes("config"))
      for (const row of rows(db, 'SELECT * FROM "configs"'))
        flatten(parseRecord(String(row["config"])) ?? {}, (key, value) => keep(row[run]!, key, value));
  }
  return facts;
}

const rows = (db: Database, sql: string): Row[] => db.all(sql) as Row[];

const distinct = (db: Database, table: string, column: string): Cell[] =>
  rows(db, `SELECT ${quoted(column)} AS v FROM ${quoted(table)} GROUP BY v ORDER BY MIN(rowid)`).map(
    (row) => row["v"]!,
  );

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function numberOf(cell: Cell): number | null {
  if (typeof cell === "number" || typeof cell === "bigint") return Number(cell);
  return typeof cell === "string" ? (parseNumber(cell) ?? null) : null;
}

/** MLflow writes the largest double for an infinity. */
const unbounded = (x: number | null): number | null =>
  x !== null && Math.abs(x) === Number.MAX_VALUE ? Math.sign(x) * Number.POSITIVE_INFINITY : x;
