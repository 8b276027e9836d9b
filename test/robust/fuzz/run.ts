/**
 * `npm run fuzz [-- --inputs N --seconds T --seed S --target NAME --out FILE]`: damaged files through every reader, N for each
 * or as many as it takes in T seconds of processor time, in a process of its own with a watch on time and memory. An input fails where the error is not a SteepestError, where it takes more
 * than a second of processor time or 300 MB, or where it never ends. Exit 1 when one fails; failing inputs are kept.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { inputOf } from "./child.ts";
import type { Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

const SECONDS = 1;
const MEGABYTES = 300;
/** Processor seconds after which an input is taken to have no end. */
const GIVE_UP = 20;

interface Report {
  readonly n: number;
  readonly problem: string | null;
  readonly seconds: number;
  readonly megabytes: number;
}
interface Failure {
  readonly n: number;
  readonly why: string;
}
interface Row {
  readonly target: string;
  readonly inputs: number;
  readonly slowest: number;
  readonly largest: number;
  readonly failures: readonly Failure[];
}

const child = fileURLToPath(new URL("fuzz-child.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "steepest-fuzz-"));

interface Batch {
  readonly first: number;
  readonly last: number;
  /** Processor time after which no further input is begun. */
  readonly seconds: number;
}

/** One process over the inputs from `first`, and the one after the last it came to; `stopped` by one that has no end or takes the process along. */
function batch(
  target: Target,
  seed: number,
  { first, last, seconds }: Batch,
): Promise<{ reports: Report[]; next: number; stopped: Failure | null }> {
  const at = join(folder, "at");
  writeFileSync(at, String(first));
  const flags = ["--max-old-space-size=1024"];
  const process = spawn(
    "node",
    [...flags, child, target.name, ...[seed, first, last].map(String), at, String(seconds)],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let [out, errors] = ["", ""];
  process.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  process.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-4000)));
  let seen = "";
  let began = 0;
  let endless = false;
  const watch = setInterval(() => {
    const now = readFileSync(at, "utf8").trim();
    const used = processorSeconds(process.pid!);
    if (now !== seen) [seen, began] = [now, used];
    else if (used - began > GIVE_UP) {
      endless = true;
      process.kill("SIGKILL");
    }
  }, 200);
  return new Promise((resolve, reject) => {
    process.on("error", reject);
    process.on("close", (code) => {
      clearInterval(watch);
      const place = readFileSync(at, "utf8").trim();
      const reports = out
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as Report);
      const why = endless ? `more than ${GIVE_UP} s` : `the process ended with ${code}: ${errors}`;
      if (place.startsWith("done")) resolve({ reports, next: Number(place.slice(5)), stopped: null });
      else resolve({ reports, next: Number(place) + 1, stopped: { n: Number(place), why } });
    });
  });
}

/** User and system time so far, from Linux's /proc (in ticks of 10 ms); elsewhere wall time. */
function processorSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return performance.now() / 1000;
  }
}

interface Amount {
  readonly inputs: number;
  readonly seconds: number;
  readonly seed: number;
}

async function fuzz(target: Target, { inputs, seconds, seed }: Amount): Promise<Row> {
  const failures: Failure[] = [];
  let [slowest, largest] = [0, 0];
  let tried = 0;
  for (let going = true; going && tried < inputs; ) {
    const { reports, next, stopped } = await batch(target, seed, { first: tried, last: inputs, seconds });
    for (const report of reports) {
      const { n, problem } = report;
      if (problem !== null) failures.push({ n, why: problem });
      if (problem !== null || (report.seconds <= SECONDS && report.megabytes <= MEGABYTES)) continue;
      // others may have left garbage behind: it counts what it takes by itself
      const alone = await batch(target, seed, { first: n, last: n + 1, seconds: GIVE_UP });
      const { seconds: took, megabytes } = alone.reports[0] ?? { seconds: 0, megabytes: 0 };
      [slowest, largest] = [Math.max(slowest, took), Math.max(largest, megabytes)];
      if (took > SECONDS) failures.push({ n, why: `${took.toFixed(1)} s` });
      if (megabytes > MEGABYTES) failures.push({ n, why: `${megabytes.toFixed(0)} MB` });
    }
    for (const r of reports.filter((r) => r.seconds <= SECONDS && r.megabytes <= MEGABYTES))
      [slowest, largest] = [Math.max(slowest, r.seconds), Math.max(largest, r.megabytes)];
    if (stopped !== null) failures.push(stopped);
    tried = next;
    going = stopped !== null;
  }
  return { target: target.name, inputs: tried, slowest, largest, failures };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      inputs: { type: "string" },
      seconds: { type: "string" },
      seed: { type: "string", default: "1" },
      target: { type: "string" },
      out: { type: "string" },
    },
  });
  const seconds = Number(values.seconds ?? Number.POSITIVE_INFINITY);
  const inputs = Number(values.inputs ?? (values.seconds === undefined ? 1000 : 2 ** 30));
  const seed = Number(values.seed);
  const rows: Row[] = [];
  for (const target of TARGETS.filter(({ name }) => values.target === undefined || name === values.target)) {
    const row = await fuzz(target, { inputs, seconds, seed });
    rows.push(row);
    const worst = `slowest ${row.slowest < 0.5 ? "below 0.5" : row.slowest.toFixed(1)} s`;
    console.log(`${target.name.padEnd(16)} ${row.inputs} inputs, ${row.failures.length} failures, ${worst}`);
    for (const { n, why } of row.failures.slice(0, 5)) {
      const kept = join(folder, `${target.name.replaceAll(" ", "-")}-${n}`);
      writeFileSync(kept, await inputOf(target, seed, n));
      console.log(`  ${kept}: ${why}`);
    }
  }
  if (values.out !== undefined) {
    mkdirSync(join(values.out, ".."), { recursive: true });
    writeFileSync(values.out, `${JSON.stringify({ seed, node: process.version, rows }, null, 2)}\n`);
  }
  const all = rows.reduce((sum, row) => sum + row.inputs, 0);
  const failed = rows.reduce((sum, row) => sum + row.failures.length, 0);
  console.log(`${rows.length} readers, ${all} inputs, ${failed} failures`);
  process.exitCode = rows.some(({ failures }) => failures.length > 0) ? 1 : 0;
}

await main();
