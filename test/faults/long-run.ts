/**
 * `npx jiti test/faults/long-run.ts [steps] [logEvery]`: the built command trains for so many steps with a validation each epoch
 * of 57 steps, is told to end half-way and goes on by `--resume`, then diagnoses the folder. Prints what memory it holds
 * against the steps made; exit 1 where the second half holds over a tenth more than the first did. Linux only: memory is
 * read from /proc. `logEvery` 1 writes a line a step.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { lastStepIn } from "../../src/train/node-metrics.ts";

const steepest = fileURLToPath(new URL("../../bin/steepest.js", import.meta.url));
const EVERY = 500;
/** Steps that the engine, the compiler and the heap need to come to rest. */
const WARM = 0.1;

interface Sample {
  readonly step: number;
  /** Resident memory, MB. */
  readonly megabytes: number;
}

/** Runs the command to its end, and looks at its memory; `until` ends it by SIGTERM at that step. */
async function watched(
  args: readonly string[],
  cwd: string,
  { until }: { until?: number } = {},
): Promise<readonly Sample[]> {
  const child = spawn("node", [steepest, ...args], { cwd, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-4000)));
  const closed = once(child, "close");
  const samples: Sample[] = [];
  let told = false;
  while (child.exitCode === null && child.signalCode === null) {
    await Promise.race([closed, sleep(EVERY)]);
    const megabytes = resident(child);
    const step = lastStepIn(join(cwd, "run", "metrics.jsonl")) ?? 0;
    if (megabytes !== null) samples.push({ step, megabytes });
    // once: a second signal ends at once
    if (until !== undefined && step >= until && !told) told = child.kill("SIGTERM");
  }
  await closed;
  if (child.exitCode !== 0 && child.exitCode !== 130) throw new Error(`exit ${child.exitCode}: ${errors}`);
  return samples;
}

function resident({ pid }: ChildProcess): number | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null; // it has ended
  }
}

const peak = (samples: readonly Sample[]): number => Math.max(...samples.map((s) => s.megabytes));

async function main(steps: number, logEvery: number | undefined): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), "steepest-long-"));
  const run = {
    name: "long",
    data: { source: "lesson-logistic" },
    model: { kind: "linear" },
    optimizer: { name: "sgd", lr: 0.001 },
    batchSize: 2,
    validation: 0.25,
    steps,
    ...(logEvery && { logEvery }),
  };
  writeFileSync(join(cwd, "run.json"), JSON.stringify(run));
  const first = await watched(["train", "run.json", "--out", "run", "--no-plots"], cwd, { until: steps / 2 });
  const second = await watched(["train", "run", "--resume", "--no-plots"], cwd);
  const reading = await watched(["diagnose", "run"], cwd);
  const size = (statSync(join(cwd, "run", "metrics.jsonl")).size / 2 ** 20).toFixed(0);
  const stages: [string, readonly Sample[]][] = [
    ["first half", first],
    ["second half, resumed", second],
  ];
  for (const [name, samples] of stages) {
    console.log(name);
    const marks = Array.from(
      { length: 10 },
      (_, i) => samples[Math.ceil(((i + 1) / 10) * samples.length) - 1]!,
    );
    for (const { step, megabytes } of marks)
      console.log(`  step ${step.toLocaleString("en").padStart(13)}  ${megabytes.toFixed(0).padStart(5)} MB`);
  }
  console.log(`diagnose: ${peak(reading).toFixed(0)} MB at most, metrics.jsonl ${size} MB`);
  rmSync(cwd, { recursive: true });
  const [early, late] = [first, second].map((samples) => peak(samples.filter((s) => s.step > WARM * steps)));
  if (late! > 1.1 * early!) {
    console.log(`memory grows: ${early!.toFixed(0)} MB, then ${late!.toFixed(0)} MB`);
    process.exitCode = 1;
  }
}

const [steps = 1_000_000, logEvery] = process.argv.slice(2).map(Number);
await main(steps, logEvery);
