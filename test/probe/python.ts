/** The Python that has PyTorch, for what is tested in it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findTorchPython, type TorchPython } from "../../src/handoff/node-python.ts";
import { shipped } from "../../src/run/node-shipped.ts";

/** null where there is none and that is allowed; the reason is printed. With CI=true it is a failure. */
export const torch: TorchPython | null = (() => {
  try {
    return findTorchPython();
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    console.warn(`tests of the probe are skipped: ${(error as Error).message}`);
    return null;
  }
})();

/** The folder of steepest_probe.py. */
export const probeFolder: string = dirname(shipped("src", "probe", "steepest_probe.py"));

/** Runs a script of this folder; it gets the probe's folder and an empty one, and prints one JSON document. */
export function runChecks<T>(script: string, folder: string): T {
  const { status, stdout, stderr } = spawnSync(
    torch!.path,
    [join(import.meta.dirname, script), probeFolder, folder],
    { encoding: "utf8", maxBuffer: 1e8 },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

/** An empty folder, and what removes it. */
export function temporary(): readonly [path: string, remove: () => void] {
  const path = mkdtempSync(join(tmpdir(), "steepest-probe-"));
  return [path, () => rmSync(path, { recursive: true, force: true })];
}
