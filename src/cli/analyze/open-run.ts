/** What a command looks at: a run file at its start, or a run folder at its last checkpoint. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { nodeHost } from "../../data/node-host.ts";
import type { Backend } from "../../engine/backend.ts";
import { chooseBackend } from "../../engine/registry.ts";
import { SteepestError } from "../../run/errors.ts";
import { importFunction, readRunFile } from "../../run/node-run-file.ts";
import { type BuiltRun, buildRun } from "../../train/build.ts";
import { restoreCheckpoint } from "../../train/checkpoint.ts";
import { splitArguments } from "../run-arguments.ts";

/** The run at its start, or where its folder's last checkpoint stood. */
export async function openRun(
  args: readonly string[],
  flags: readonly string[],
  command: string,
): Promise<{ built: BuiltRun; from: number | null; backend: Backend }> {
  const [target, overrides] = splitArguments(args, flags);
  if (target === undefined) {
    throw new SteepestError("usage", "no run is given", {
      help: `name a run file or a run folder: steepest ${command} run.json (examples/ has some)`,
    });
  }
  const isFolder = statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = isFolder ? join(target, "run.json") : target;
  if (isFolder && statSync(file, { throwIfNoEntry: false }) === undefined) {
    throw new SteepestError("run-missing", `there is no run.json in ${target}`, {
      help: "name a folder that steepest train wrote, or a run file",
    });
  }
  const spec = await readRunFile(file, { overrides });
  const backend = await chooseBackend(spec.backend);
  const built = await buildRun(spec, { host: { ...nodeHost(), importFunction }, backend });
  if (!isFolder) return { built, from: null, backend };
  const checkpoint = join(target, "checkpoint-last.safetensors");
  const progress = restoreCheckpoint(readCheckpoint(checkpoint), built.step.state, checkpoint);
  return { built, from: progress.step, backend };
}

function readCheckpoint(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SteepestError("checkpoint-missing", `the checkpoint ${path} can't be read`, {
      help: "name the run file itself, or train the run first",
      cause,
    });
  }
}
