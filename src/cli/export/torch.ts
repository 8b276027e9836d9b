/** `steepest export <run> --to torch`: the run as a PyTorch project. */
import { readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { nodeHost } from "../../data/node-host.ts";
import { requireEmptyFolder, writeTorchProject } from "../../handoff/node-project.ts";
import { planningBackend } from "../../handoff/planning-backend.ts";
import { openTrained } from "../../predict/node-load-run.ts";
import { importFunction, readRunFile } from "../../run/node-run-file.ts";
import { showWhole } from "../../run/show-number.ts";
import { buildRun } from "../../train/build.ts";
import { startFrom } from "../../train/weights.ts";
import { resolveRate } from "../find-lr/auto.ts";
import { table } from "../terminal.ts";
import type { Export } from "./export.ts";
import { trainedWeights } from "./weights.ts";

/** A run folder gives its trained weights too. */
export async function exportTorch({ file, overrides, out, quiet, terminal, json }: Export): Promise<number> {
  const isFolder = statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
  const spec = await readRunFile(isFolder ? join(file, "run.json") : file, { overrides });
  const folder = out ?? `${spec.name}-torch`;
  requireEmptyFolder(folder);
  const resolved = await resolveRate(spec, { terminal, quiet });
  if (resolved === null) return 130;
  const built = await buildRun(resolved.spec, {
    host: { ...nodeHost(), importFunction },
    backend: planningBackend("torch"),
  });
  if (isFolder) {
    const weights = trainedWeights(await openTrained(file));
    startFrom(built, new Map(weights.map((tensor) => [tensor.name, tensor])), file);
  }
  const files = writeTorchProject(built, folder);
  const project = JSON.parse(readFileSync(join(folder, "project.json"), "utf8")) as {
    optimizer: { library: string; class?: string };
    loss: { reduction: string };
  };
  const { library, class: name } = project.optimizer;
  const optimizer = library === "update" ? "update.py (traced)" : `${library}.${name}`;
  if (json) {
    terminal.print(
      JSON.stringify({
        schema: "steepest.export/1",
        to: "torch",
        folder: resolve(folder),
        files: files.map((path) => ({ path, bytes: statSync(join(folder, path)).size })),
        parameters: built.parameters,
        steps: built.totalSteps,
        batchSize: built.plan.batchSize,
        optimizer,
        distributed: project.loss.reduction !== "other",
      }),
    );
    return 0;
  }
  const shown = relative(process.cwd(), folder) || folder;
  terminal.print(
    table([
      ["model", `${showWhole(built.parameters)} parameters, in model.py`],
      ["optimizer", optimizer],
      ["batches", `${built.plan.batchSize} of ${showWhole(built.plan.n)} rows, ${built.totalSteps} steps`],
    ]),
  );
  if (project.loss.reduction === "other")
    terminal.note("note: the run's own loss is neither a mean nor a sum over rows: one process only");
  terminal.print(`\n${files.length} files in ${shown}`);
  terminal.print(`  cd ${shown} && python3 train.py`);
  terminal.print(`  torchrun --standalone --nproc-per-node 2 train.py   (README.md has the rest)`);
  return 0;
}
