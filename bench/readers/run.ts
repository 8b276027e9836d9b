/**
 * How fast logs are read and diagnosed: `npm run bench -- readers [--quick]`. Each measurement has a process of its own,
 * and what it read is compared with what was written before its time counts.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { align, median } from "../report.ts";
import type { DiagnoseResult, ReadResult } from "./child.ts";
import { makeCsv, makeEvents, makeText, type Truth } from "./logs.ts";

const root = join(import.meta.dirname, "../..");
const MB = 1e6;

export interface ReadersRecord {
  readonly measured: string;
  readonly value: number;
  readonly unit: string;
  readonly best: number;
  /** The same in processor time, which other work on the machine disturbs less; null where it is not known. */
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly aim: string;
  readonly reached: boolean;
}

/** Bundled as a package would be. */
function bundle(folder: string): string {
  const flags = ["--no-config", "--no-dts", "--format", "esm", "--platform", "node", "--logLevel", "error"];
  execFileSync(
    join(root, "node_modules/.bin/tsdown"),
    [join(import.meta.dirname, "child.ts"), "--out-dir", folder, ...flags],
    { cwd: root, stdio: ["ignore", "ignore", "pipe"] },
  );
  return join(folder, "child.mjs");
}

const child = <T>(script: string, args: readonly string[]): T =>
  JSON.parse(execFileSync(process.execPath, [script, ...args], { encoding: "utf8" })) as T;

/** What differs between written and read; [] when nothing does. */
function differences(truth: Truth, result: ReadResult): string[] {
  return (Object.keys(truth) as (keyof Truth)[])
    .filter((key) => truth[key] !== result[key])
    .map((key) => `${key} is ${result[key]}, written was ${truth[key]}`);
}

function readBench(
  script: string,
  { path, name, truth, rounds }: { path: string; name: string; truth: Truth; rounds: number },
): ReadersRecord {
  const results = Array.from({ length: rounds }, () => child<ReadResult>(script, ["read", path]));
  const wrong = results.flatMap((r) => differences(truth, r));
  if (wrong.length > 0) throw new Error(`${name} is read wrongly: ${wrong[0]}`);
  const speeds = results.map((r) => r.bytes / MB / r.seconds);
  const memory = Math.max(...results.map((r) => r.memory));
  const value = median(speeds);
  return {
    measured: `${name}, ${Math.round(results[0]!.bytes / MB)} MB, ${truth.points.toLocaleString("en")} rows`,
    value,
    unit: "MB/s",
    best: Math.max(...speeds),
    cpu: median(results.map((r) => r.bytes / MB / r.cpu)),
    memory,
    aim: "at least 60 MB/s in less than 300 MiB",
    reached: value >= 60 && memory < 300,
  };
}

function diagnoseBench(script: string, runs: number): ReadersRecord {
  const points = 1000;
  const result = child<DiagnoseResult>(script, ["diagnose", String(runs), String(points)]);
  const judged = Object.values(result.verdicts).reduce((a, b) => a + b, 0);
  if (judged !== runs || Object.keys(result.verdicts).length < 2)
    throw new Error(`not every run has a verdict: ${JSON.stringify(result.verdicts)}`);
  const whole = (result.seconds * 10_000) / runs;
  return {
    measured: `${runs.toLocaleString("en")} runs of 1,000 points diagnosed${runs === 10_000 ? "" : " (scaled to 10,000)"}`,
    value: whole,
    unit: "s",
    best: whole,
    cpu: (result.cpu * 10_000) / runs,
    memory: result.memory,
    aim: "less than 20 s",
    reached: whole < 20,
  };
}

function coldBench(folder: string, rounds: number): ReadersRecord {
  const path = join(folder, "small.csv");
  const truth = makeCsv(path, 20_000);
  const times = Array.from({ length: rounds }, () => {
    const begun = performance.now();
    const text = execFileSync(process.execPath, [join(root, "bin/steepest.js"), "diagnose", path, "--json"], {
      encoding: "utf8",
    });
    const time = performance.now() - begun;
    const { points } = (JSON.parse(text) as { runs: [{ points: number }] }).runs[0];
    if (points !== truth.points) throw new Error(`${points} points are diagnosed of ${truth.points}`);
    return time;
  });
  return {
    measured: `steepest diagnose from cold, ${truth.points} rows`,
    value: median(times),
    unit: "ms",
    best: Math.min(...times),
    cpu: null,
    memory: null,
    aim: "less than 250 ms",
    reached: median(times) < 250,
  };
}

export function readersTable(records: readonly ReadersRecord[]): string {
  const show = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toFixed(1));
  const rows = records.map((r) => [
    `  ${r.measured}`,
    `${show(r.value)} ${r.unit}`,
    show(r.best),
    r.cpu === null ? "" : show(r.cpu),
    r.memory === null ? "" : `${Math.round(r.memory)} MiB`,
    r.aim,
    r.reached ? "reached" : "not reached",
  ]);
  return `Readers and diagnosis\n${align([["", "median", "best", "in CPU time", "peak memory", "aim", ""], ...rows])}`;
}

/** Makes the logs, measures, and removes them: they are large. */
export function benchReaders(data: string, { quick }: { quick: boolean }): ReadersRecord[] {
  const folder = join(data, "readers");
  mkdirSync(folder, { recursive: true });
  const size = quick ? 20 * MB : 100 * MB;
  const rounds = quick ? 3 : 5;
  try {
    const script = bundle(join(data, "build-readers"));
    const events = join(folder, "events.out.tfevents.1700000000.bench.1.0");
    const csv = join(folder, "log.csv");
    const text = join(folder, "train.log");
    const dated = join(folder, "dated.log");
    const made = [
      { path: events, name: "event file", truth: makeEvents(events, size) },
      { path: csv, name: "CSV", truth: makeCsv(csv, size) },
      { path: text, name: "console text", truth: makeText(text, size, { dated: false }) },
      { path: dated, name: "console text with dates", truth: makeText(dated, size, { dated: true }) },
    ];
    return [
      ...made.map((log) => readBench(script, { ...log, rounds })),
      diagnoseBench(script, quick ? 1000 : 10_000),
      coldBench(folder, quick ? 5 : 15),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
