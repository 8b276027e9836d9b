/** Trained runs on disk: a run folder, or a checkpoint by itself. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { nodeHost } from "../data/node-host.ts";
import { chooseBackend } from "../engine/registry.ts";
import { SteepestError } from "../run/errors.ts";
import { refuseParts } from "../run/node-parts.ts";
import { importFunction, readRunFile } from "../run/node-run-file.ts";
import { buildRun } from "../train/build.ts";
import { type ModelRecord, modelRecord, readModelRecord } from "../train/model-record.ts";
import { begunOn } from "../train/resume.ts";
import { decodeSafeTensors } from "../train/safetensors.ts";
import { type LoadedRun, loadedRun } from "./load-run.ts";
import { openModel, type TrainedModel } from "./trained-model.ts";

/** A run folder's best weights, or a checkpoint's. Throws `run-missing`, `checkpoint-parts`, and what `loadRun` of bytes throws. */
export const loadRun = async (path: string, options: LoadRunOptions = {}): Promise<LoadedRun> =>
  loadedRun(await openTrained(path, options));

/** How a run folder is opened. */
export interface LoadRunOptions {
  /**
   * Rows come few at a time, as in a server. A model that was trained with a BLAS library is then computed without it, so that
   * few rows need no whole batch: its numbers equal those of training's evaluation to rounding, not to the last bit.
   * Default false.
   */
  readonly fewRows?: boolean;
}

/** As `loadRun`, with the inner parts. */
export async function openTrained(
  path: string,
  { fewRows = false }: LoadRunOptions = {},
): Promise<TrainedModel> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw missing(path, "there is no run");
  const file = found.isDirectory() ? checkpointIn(path) : path;
  const bytes = readFileSync(file);
  const described = decodeSafeTensors(bytes, file).metadata["model"];
  let record: ModelRecord | undefined;
  if (described !== undefined) record = readModelRecord(described, file);
  else if (found.isDirectory()) record = await recordOfOlder(path);
  const begunOn = record?.backend ?? "wasm";
  return openModel(bytes, {
    where: file,
    backend: await chooseBackend("auto", { begunOn: fewRows && begunOn !== "native" ? "wasm" : begunOn }),
    importModel: (module) => importFunction(module, "model"),
    record,
  });
}

/** The best weights; a run that was cut before its first epoch's end has only the last ones. */
function checkpointIn(folder: string): string {
  refuseParts(folder);
  for (const which of ["best", "last"]) {
    const file = join(folder, `checkpoint-${which}.safetensors`);
    if (statSync(file, { throwIfNoEntry: false }) !== undefined) return file;
  }
  throw missing(folder, "there is no checkpoint");
}

const missing = (path: string, what: string): SteepestError =>
  new SteepestError("run-missing", `${what} ${path}`, {
    help: "name a folder that steepest train wrote, such as runs/digits-1, or a checkpoint in it",
  });

/** Runs of other versions, and those that PyTorch trained: what they lack is read from the run file and its data. */
async function recordOfOlder(folder: string): Promise<ModelRecord> {
  const spec = await readRunFile(join(folder, "run.json"));
  const built = await buildRun(spec, {
    host: { ...nodeHost(), importFunction },
    backend: await chooseBackend("wasm"),
  });
  return { ...modelRecord(built), backend: begunOn(spec) ?? spec.backend };
}
