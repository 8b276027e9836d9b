/** `steepest export <run> --to torch`: the run as a PyTorch project. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { nodeHost } from "../../data/node-host.ts";
import { requireEmptyFolder, writeTorchProject } from "../../handoff/node-project.ts";
import { planningBackend } from "../../handoff/planning-backend.ts";
import { openTrained } from "../../predict/node-load-run.ts";
import { SteepestError } from "../../run/errors.ts";
import { importFunction, readRunFile } from "../../run/node-run-file.ts";
import { buildRun } from "../../train/build.ts";
import { guard } from "../../train/node-run-folder.ts";
import { encodeSafeTensors, type StoredTensor } from "../../train/safetensors.ts";
import { evaluationWeights, startFrom } from "../../train/weights.ts";
import type { Invocation } from "../command.ts";
import { resolveRate } from "../find-lr/auto.ts";
import { splitArguments } from "../run-arguments.ts";
import { table } from "../terminal.ts";

export async function run({ args, flags, options, terminal, json }: Invocation): Promise<number> {
  const [file, overrides] = splitArguments(args, flags);
  if (file === undefined) {
    throw new SteepestError("usage", "no run file is given", {
      help: "name one: steepest export run.json --to torch",
    });
  }
  const trained =
    statSync(file, { throwIfNoEntry: false })?.isDirectory() === true || file.endsWith(".safetensors");
  if (options["to"] === "safetensors") return exportWeights(file, { trained, options, terminal, json });
  if (options["to"] !== "torch") {
    throw new SteepestError("usage", `there is no export to "${String(options["to"])}"`, {
      help: "choose --to torch or --to safetensors",
    });
  }
  const isFolder = trained && !file.endsWith(".safetensors");
  const spec = await readRunFile(isFolder ? join(file, "run.json") : file, { overrides });
  const folder = typeof options["out"] === "string" ? options["out"] : `${spec.name}-torch`;
  requireEmptyFolder(folder);
  const resolved = await resolveRate(spec, { terminal, quiet: options["quiet"] === true });
  if (resolved === null) return 130;
  const built = await buildRun(resolved.spec, {
    host: { ...nodeHost(), importFunction },
    backend: planningBackend("torch"),
  });
  if (isFolder) startFrom(built, new Map((await weightsOf(file)).map((t) => [t.name, t])), file);
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
      ["model", `${built.parameters.toLocaleString("en")} parameters, in model.py`],
      ["optimizer", optimizer],
      [
        "batches",
        `${built.plan.batchSize} of ${built.plan.n.toLocaleString("en")} rows, ${built.totalSteps} steps`,
      ],
    ]),
  );
  if (project.loss.reduction === "other")
    terminal.note("note: the run's own loss is neither a mean nor a sum over rows: one process only");
  terminal.print(`\n${files.length} files in ${shown}`);
  terminal.print(`  cd ${shown} && python3 train.py`);
  terminal.print(`  torchrun --standalone --nproc-per-node 2 train.py   (README.md has the rest)`);
  return 0;
}

/** The weights that the trained model is used with. */
async function weightsOf(run: string): Promise<StoredTensor[]> {
  const { layer, optimizer, state, record } = await openTrained(run);
  return evaluationWeights({ layer, optimizer, state, dtype: record.dtype });
}

async function exportWeights(
  run: string,
  {
    trained,
    options,
    terminal,
    json,
  }: Pick<Invocation, "options" | "terminal" | "json"> & { trained: boolean },
): Promise<number> {
  if (!trained) {
    throw new SteepestError("usage", `${run} is not trained: it has no weights yet`, {
      help: "name a run folder, such as runs/digits-1",
    });
  }
  const { layer, optimizer, state, record } = await openTrained(run);
  const tensors = evaluationWeights({ layer, optimizer, state, dtype: record.dtype });
  const out = typeof options["out"] === "string" ? options["out"] : `${record.name}.safetensors`;
  // "pt" tells other readers that the names and layouts are PyTorch's
  const bytes = encodeSafeTensors(tensors, { format: "pt" });
  guard(out, () => writeFileSync(out, bytes));
  const parameters = tensors.reduce((sum, { values }) => sum + values.length, 0);
  if (json) {
    const document = {
      schema: "steepest.export/1",
      to: "safetensors",
      file: resolve(out),
      bytes: bytes.length,
    };
    terminal.print(
      JSON.stringify({ ...document, tensors: tensors.map(({ name, shape }) => ({ name, shape })) }),
    );
  } else terminal.print(`${tensors.length} tensors, ${parameters.toLocaleString("en")} numbers, in ${out}`);
  return 0;
}
