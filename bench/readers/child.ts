/** One measurement in a process of its own: `read PATH`, or `diagnose RUNS POINTS`. Prints one JSON line. */
import { statSync } from "node:fs";
import { diagnoseRun } from "../../src/diagnose/index.ts";
import { readLogPaths } from "../../src/logs/node-files.ts";
import { type RunLog, seriesOf } from "../../src/run/log.ts";
import { rowAt } from "./logs.ts";

export interface ReadResult {
  readonly seconds: number;
  /** Processor time, summed over threads. */
  readonly cpu: number;
  readonly bytes: number;
  /** Points offered to the loss series, kept or thinned. */
  readonly points: number;
  readonly firstStep: number;
  readonly lastStep: number;
  readonly min: number;
  readonly max: number;
  /** Largest resident memory of the process, MiB. */
  readonly memory: number;
}

export interface DiagnoseResult {
  readonly seconds: number;
  readonly cpu: number;
  readonly runs: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly memory: number;
}

/** Seconds of processor time since the process began. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
const memory = (): number => process.resourceUsage().maxRSS / 1024;

async function read(path: string): Promise<ReadResult> {
  const [begun, cpuBegun] = [performance.now(), cpuTime()];
  const [log] = await readLogPaths([path]);
  const [seconds, cpu] = [(performance.now() - begun) / 1000, cpuTime() - cpuBegun];
  const { name, steps, values } = seriesOf(log!, "loss")!;
  const thinned = log!.notes.find((n) => n.id === "thinned" && n.text.startsWith(`'${name}'`));
  return {
    seconds,
    cpu,
    bytes: statSync(path).size,
    points: thinned ? Number(/has (\d+) points/.exec(thinned.text)![1]) : values.length,
    firstStep: steps[0]!,
    lastStep: steps[steps.length - 1]!,
    min: values.reduce((a, b) => Math.min(a, b)),
    max: values.reduce((a, b) => Math.max(a, b)),
    memory: memory(),
  };
}

/** Runs made between two looks at the clock: making them is not timed. */
const BATCH = 100;

/** Runs of one shape at different paces, so that all verdicts come up. */
function diagnoseMany(runs: number, points: number): DiagnoseResult {
  const verdicts: Record<string, number> = {};
  let [spent, cpu] = [0, 0];
  for (let r = 0; r < runs; r += BATCH) {
    const logs = Array.from({ length: Math.min(BATCH, runs - r) }, (_, k) =>
      madeRun(points, 10 ** (-2 + (4 * (r + k)) / runs)),
    );
    const [begun, cpuBegun] = [performance.now(), cpuTime()];
    for (const log of logs) {
      const { verdict } = diagnoseRun(log);
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    }
    spent += performance.now() - begun;
    cpu += cpuTime() - cpuBegun;
  }
  return { seconds: spent / 1000, cpu, runs, verdicts, memory: memory() };
}

function madeRun(points: number, pace: number): RunLog {
  const rows = Array.from({ length: points }, (_, k) => rowAt(k, points / pace));
  const steps = Float64Array.from({ length: points }, (_, k) => k);
  const series = (["loss", "lr", "gradNorm"] as const).map((role) => ({
    name: role,
    role,
    steps,
    values: Float64Array.from(rows, (row) => row[role]),
  }));
  return {
    source: "made",
    format: "csv",
    run: null,
    stepUnit: "step",
    series,
    notes: [],
    meta: {},
  };
}

const [what, ...rest] = process.argv.slice(2);
const result = what === "read" ? await read(rest[0]!) : diagnoseMany(Number(rest[0]), Number(rest[1]));
console.log(JSON.stringify(result));
