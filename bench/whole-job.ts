/** W8: what `npm start` does after its build, from the command to its end, beside the same training in PyTorch. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./peers.ts";
import type { PeerName, WorkloadId } from "./workloads.ts";

/** How a process is started that does all its work and ends. */
export interface Job {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What came out, from a line of JSON that it printed. */
  readonly check: (printed: object) => Check;
  /** Takes away what it wrote. */
  readonly clean: () => void;
}

/** A peer's program, which prints its check itself and writes nothing. */
export const program = (command: string, given: readonly string[]): Job => ({
  command,
  arguments: given,
  environment: {},
  check: (printed) => (printed as { readonly check: Check }).check,
  clean: () => {},
});

const root = join(import.meta.dirname, "..");
const command = join(root, "bin/steepest.js");
const run = join(root, "examples/digits.json");

/** The run's rows and initial weights for PyTorch, exported once. */
function projectIn(data: string): string {
  const project = join(data, "build", "digits-torch");
  if (!existsSync(join(project, "project.json"))) {
    rmSync(project, { recursive: true, force: true });
    execFileSync(process.execPath, [command, "export", run, "--out", project, "--quiet"]);
  }
  return project;
}

interface TrainRecord {
  readonly metrics: { readonly validationAccuracy: number; readonly testAccuracy: number };
}

function ours(workload: WorkloadId, data: string, backend: readonly string[]): Job {
  const folder = mkdtempSync(join(data, "build", "digits-"));
  return {
    command: process.execPath,
    arguments: [command, "train", run, "--out", join(folder, "run"), "--quiet", "--json", ...backend],
    // an empty cache has no compiled object
    environment: workload === "w8-cold" ? { XDG_CACHE_HOME: join(folder, "cache") } : {},
    check: (printed) => {
      const { validationAccuracy, testAccuracy } = (printed as TrainRecord).metrics;
      return { "validation accuracy": validationAccuracy, "test accuracy": testAccuracy };
    },
    clean: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The job of a peer in W8; null for other workloads. `python` is the interpreter that has torch. */
export function wholeJob(
  name: PeerName,
  workload: WorkloadId,
  { data, python }: { readonly data: string; readonly python: string },
): Job | null {
  if (workload !== "w8" && workload !== "w8-cold") return null;
  if (name === "steepest") return ours(workload, data, []);
  if (name === "steepest, wasm alone") return ours(workload, data, ["--backend", "wasm"]);
  return program(python, [join(import.meta.dirname, "peers/torch_digits.py"), projectIn(data)]);
}
