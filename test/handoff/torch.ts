/** A real PyTorch for the tests, and exported projects beside the same runs on the embedded engine. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeHost } from "../../src/data/node-host.ts";
import { wasm } from "../../src/engine/index.ts";
import { writeTorchProject } from "../../src/handoff/node-project.ts";
import { findTorchPython, type TorchPython } from "../../src/handoff/node-python.ts";
import { planningBackend } from "../../src/handoff/planning-backend.ts";
import { importFunction } from "../../src/run/node-run-file.ts";
import { parseRun } from "../../src/run/parse-run.ts";
import type { RunSpec } from "../../src/run/spec.ts";
import { buildRun, decodeSafeTensors, train } from "../../src/train/index.ts";

/** null where there is none and that is allowed; the reason is printed. With CI=true it is a failure. */
export const torch: TorchPython | null = (() => {
  try {
    return findTorchPython();
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    console.warn(`hand-off tests are skipped: ${(error as Error).message}`);
    return null;
  }
})();

export type Values = ReadonlyMap<string, ArrayLike<number>>;

export interface Pair {
  readonly spec: RunSpec;
  readonly folder: string;
  /** Every tensor of the checkpoint after the embedded engine's run, by the checkpoint's names. */
  readonly ours: Values;
  readonly metrics: string;
}

/** Exports a run and makes it here. */
export async function exportAndTrain(record: object, folder: string): Promise<Pair> {
  const spec = parseRun(record);
  const host = { ...nodeHost(), importFunction };
  writeTorchProject(await buildRun(spec, { host, backend: planningBackend("torch") }), folder);
  const built = await buildRun(spec, { host, backend: wasm });
  let metrics = "";
  await train(built, {
    store: { appendMetrics: (text) => (metrics += text).length, saveCheckpoint: () => {} },
    clock: { now: () => performance.now(), pause: () => Promise.resolve() },
  });
  const ours = new Map(
    built.step.state.map((t) => [t.name.replace(/^(param|buffer)\./, ""), t.values.slice()] as const),
  );
  return { spec, folder, ours, metrics };
}

const runner = fileURLToPath(new URL("run_projects.py", import.meta.url));

/** Runs projects one after another in one Python process: importing PyTorch takes longer than a short run. */
export function runProjects(folders: readonly string[], flags = ""): void {
  const { status, stderr } = spawnSync(torch!.path, [runner, flags, ...folders], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
}

export const checkpoint = (folder: string): Values =>
  new Map(
    [...decodeSafeTensors(readFileSync(join(folder, "checkpoint-last.safetensors")), folder).tensors].map(
      ([name, t]) => [name, t.values],
    ),
  );

/** Largest difference of parameters and state, relative to a tensor's largest value where that is above 1. */
export function difference(a: Values, b: Values): number {
  if ([...a.keys()].sort().join() !== [...b.keys()].sort().join()) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const [name, values] of a) {
    const other = b.get(name)!;
    const size = Math.max(1, ...Array.from(values, Math.abs));
    for (let i = 0; i < values.length; i++) {
      const d = values[i] === other[i] ? 0 : Math.abs(values[i]! - other[i]!) / size;
      if (!(d <= largest)) largest = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
    }
  }
  return largest;
}

/** How far the parameters went: agreement says nothing of a run that stood still. */
export function distance(folder: string, after: Values): number {
  const { tensors } = decodeSafeTensors(readFileSync(join(folder, "initial.safetensors")), folder);
  const start = new Map([...tensors].map(([name, t]) => [name, t.values as ArrayLike<number>]));
  const only = (values: Values): Values =>
    new Map([...values].filter(([name]) => !name.startsWith("optimizer.")));
  return difference(only(start), only(after));
}

export interface MetricsLine {
  readonly step: number;
  readonly [column: string]: number;
}

export const metricsOf = (text: string): MetricsLine[] =>
  text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line) as MetricsLine);
