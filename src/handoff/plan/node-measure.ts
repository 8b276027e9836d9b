/** One and two real PyTorch processes, timed on this machine. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { rowCount } from "../../data/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { shipped } from "../../run/node-shipped.ts";
import type { RunSpec } from "../../run/spec.ts";
import type { BuiltRun } from "../../train/build.ts";
import { writeTorchProject } from "../node-project.ts";
import { type TorchPython, torchrunQuirk } from "../node-python.ts";
import { killGroup, spawnTied } from "../node-tied.ts";
import { meetingPoint } from "../node-torchrun.ts";
import type { MeasuredRun } from "./plan.ts";
import { fitNetwork, type Network, type Timing } from "./ring.ts";
import { type BatchMode, type Compute, fitCompute } from "./scaling.ts";

/** Constants of the machine and the network as PyTorch showed them, and the runs they come from. */
export interface TorchMeasurements {
  readonly compute: Compute;
  readonly network: Network;
  readonly measured: readonly MeasuredRun[];
}

/** Options of `measureTorch`. */
export interface MeasureTorchOptions {
  readonly python: TorchPython;
  readonly mode: BatchMode;
  /** Builds the run with changes; its steps are made by PyTorch, so nothing is compiled. */
  readonly build: (changes: Partial<RunSpec>) => Promise<BuiltRun>;
  readonly onNote: (text: string) => void;
}

interface Times {
  readonly secondsPerStep: number;
  readonly secondsApart: number;
  readonly allReduce: readonly Timing[];
}

/**
 * Times steps (lower quartiles) of one process at the run's batch and at half of it, then two processes on the batch they would have
 * together, and all-reduces between the two. Each process has one thread, so that two on two cores don't disturb each other.
 */
export async function measureTorch({
  python,
  mode,
  build,
  onNote,
}: MeasureTorchOptions): Promise<TorchMeasurements> {
  const whole = await build({});
  const rows = whole.plan.batchSize;
  const time = async (batchSize: number, processes: number): Promise<Times> => {
    const built = batchSize === rows ? whole : await build({ batchSize });
    onNote(`timing ${processes === 1 ? "1 process" : `${processes} processes`} on ${batchSize} rows`);
    return runProject(built, { python, processes });
  };
  const one = await time(rows, 1);
  const sizes = [{ rows, seconds: one.secondsPerStep }];
  const half = Math.floor(rows / 2);
  if (half >= 1) sizes.push({ rows: half, seconds: (await time(half, 1)).secondsPerStep });
  const shared = mode === "grow" ? 2 * rows : rows;
  // where the batch for two can't be had, two processes still time the network
  const possible = shared % 2 === 0 && shared <= rowCount(whole.data.features);
  const two = await time(possible ? shared : Math.max(2, 2 * half), 2);
  return {
    compute: fitCompute(sizes),
    network: fitNetwork(2, two.allReduce),
    measured: [
      { processes: 1, secondsPerStep: one.secondsPerStep, secondsApart: one.secondsApart },
      ...(possible
        ? [{ processes: 2, secondsPerStep: two.secondsPerStep, secondsApart: two.secondsApart }]
        : []),
    ],
  };
}

/** Two processes need a core each to be told from one. */
export const canMeasureTwo = (): boolean => availableParallelism() >= 2;

async function runProject(
  built: BuiltRun,
  { python, processes }: { readonly python: TorchPython; readonly processes: number },
): Promise<Times> {
  const folder = mkdtempSync(join(tmpdir(), "steepest-plan-"));
  try {
    writeTorchProject(built, folder);
    copyFileSync(shipped("src", "handoff", "plan", "measure.py"), join(folder, "measure.py"));
    const result = join(folder, "times.json");
    const endpoint = await meetingPoint({ endpoint: null, nnodes: "1" });
    const script = [join(folder, "measure.py"), "--out", join(folder, "out"), "--result", result, "--quiet"];
    await succeed(python.path, [
      ...["-m", "torch.distributed.run", ...torchrunQuirk(python), "--nnodes", "1"],
      ...["--nproc_per_node", String(processes), "--max_restarts", "0", "--rdzv_backend", "c10d"],
      ...["--rdzv_endpoint", endpoint, "--rdzv_id", `steepest-plan-${process.pid}`, ...script],
    ]);
    return JSON.parse(readFileSync(result, "utf8")) as Times;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function succeed(path: string, args: readonly string[]): Promise<void> {
  const child = spawnTied(path, args, { env: { ...process.env, OMP_NUM_THREADS: "1" } });
  const kill = (): void => killGroup(child);
  process.once("exit", kill);
  child.stdout.resume();
  let text = "";
  child.stderr.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      process.off("exit", kill);
      if (code === 0) {
        resolve();
        return;
      }
      const last = text
        .split("\n")
        .filter((line) => /^\w*(Error|Exception|Refusal)\b/.test(line))
        .at(-1);
      reject(
        new SteepestError("torch-failed", `the timed run ended with code ${code}${last ? `: ${last}` : ""}`, {
          help: "give --bandwidth and --latency with --no-measure to plan without starting processes",
          exitCode: 1,
        }),
      );
    });
  });
}
