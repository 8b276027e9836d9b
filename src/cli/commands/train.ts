/** `steepest train`: run file and flags → run folder → loop with a progress bar → summary. */

import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { nodeHost } from "../../data/node-host.ts";
import { diagnose } from "../../diagnose/index.ts";
import type { Judged } from "../../diagnose/words.ts";
import { chooseBackend } from "../../engine/registry.ts";
import { matchesName } from "../../nn/freeze.ts";
import { NonFiniteError, SteepestError } from "../../run/errors.ts";
import { type RunLog, seriesOf } from "../../run/log.ts";
import { systemClock } from "../../run/long-work.ts";
import { importFunction, readRunFile } from "../../run/node-run-file.ts";
import { showWhole } from "../../run/show-number.ts";
import type { RunSpec } from "../../run/spec.ts";
import { version } from "../../run/version.ts";
import { type BuiltRun, buildRun } from "../../train/build.ts";
import type { Progress } from "../../train/checkpoint.ts";
import { type TrainProgress, train } from "../../train/loop.ts";
import { readMetrics, readRunLog } from "../../train/node-metrics.ts";
import {
  createRunFolder,
  createRunFolderAt,
  latestRunFolder,
  openRunFolder,
  type RunFolder,
} from "../../train/node-run-folder.ts";
import { begunOn, mayChange, refuseChanges } from "../../train/resume.ts";
import { decodeSafeTensors } from "../../train/safetensors.ts";
import { requireSameCharacters, startFrom } from "../../train/weights.ts";
import type { FindLrResult } from "../../tune/find-lr/types.ts";
import type { Invocation } from "../command.ts";
import { alertLine } from "../diagnose/alert.ts";
import { resolveRate } from "../find-lr/auto.ts";
import { catchInterrupt } from "../interrupt.ts";
import { createProgress } from "../progress.ts";
import { splitArguments } from "../run-arguments.ts";
import type { Terminal } from "../terminal.ts";
import type { RunFacts } from "../train/page.ts";
import { resumeFrom, resuming } from "../train/resume.ts";
import { spreadNote } from "../train/spread-note.ts";
import { type Ending, runFacts, summary, trainDocument } from "../train/summary.ts";
import { createWarnings } from "../train/warnings.ts";
import { chooseTorch, type TorchEngine } from "./train-torch.ts";

const RUNS = "runs";

export async function run({ args, flags, options, terminal, json }: Invocation): Promise<number> {
  const going = resuming(options);
  const plan = await planRun(args, { flags, options });
  const torch = await chooseTorch(options);
  const resolved = await resolveRate(plan.spec, { terminal, quiet: options["quiet"] === true });
  if (resolved === null) {
    terminal.note("interrupted while looking for the learning rate: nothing is written");
    return 130;
  }
  const begun = plan.resume ? begunOn(plan.spec) : undefined;
  const built = await buildRun(resolved.spec, {
    host: { ...nodeHost(), importFunction },
    backend:
      torch?.backend ??
      (await chooseBackend(resolved.spec.backend, {
        ...(typeof options["threads"] === "number" && { threads: options["threads"] }),
        ...(begun !== undefined && { begunOn: begun }),
      })),
  });
  if (begun !== undefined && begun !== built.backend) {
    terminal.note(
      `note: this run was begun on the ${begun} backend and goes on on ${built.backend}: numbers agree to rounding, not bit for bit`,
    );
  }
  torch?.check(built);
  const scales = options["quiet"] === true || plan.resume ? null : spreadNote(built.data);
  if (scales !== null) terminal.note(scales);
  startFromFile(built, options, { plan, terminal });
  const folder = plan.open();
  try {
    const from = plan.resume ? resumeFrom(folder, built, { ...going, note: terminal.note }) : undefined;
    if (from === undefined || going.force) writeRunFile(folder, built, resolved.found);
    const { ending, failure } = await runLoop(built, folder, {
      from,
      terminal,
      quiet: options["quiet"] === true,
      torch,
    });
    const log = logOf(folder);
    const judged: Judged = { log, run: diagnose([log]).runs[0]! };
    const facts = runFacts(built, ending);
    if (json) terminal.print(trainDocument(built, folder.path, ending, judged));
    else if (failure === null) terminal.print(summary(facts, judged, terminal));
    // results first: drawing takes longer than a short run
    const plots = options["plots"] === false ? [] : await drawPlots(folder, judged, { facts, terminal });
    if (failure !== null) throw failure;
    if (!json) terminal.print(filesWords(folder, plots, { ending, terminal }));
    if (ending.status === "interrupted") return 130;
    const critical = judged.run.findings.some((f) => f.severity === "critical");
    return options["strict"] === true && critical ? 1 : 0;
  } finally {
    folder.close();
  }
}

/** Weights of a file, where one is given, in place of random ones. Throws where the file is none or of another model. */
function startFromFile(
  built: BuiltRun,
  { init: file, initSkip }: { init?: string; initSkip?: string },
  { plan, terminal }: { plan: Plan; terminal: Terminal },
): void {
  if (file === undefined) {
    if (initSkip === undefined) return;
    throw new SteepestError("usage", "--init-skip is given without --init", {
      help: "name the weights to start from: --init FILE",
    });
  }
  if (plan.resume) {
    throw new SteepestError("usage", "--init and --resume both say where to start", {
      help: "leave out --init: a resumed run goes on from its own checkpoint",
    });
  }
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new SteepestError("init-weights", `there is no file ${file}`, {
      help: "name a .safetensors file: steepest export RUN --to safetensors writes one",
    });
  }
  const skip = initSkip?.split(",").map((pattern) => pattern.trim()) ?? [];
  const stored = decodeSafeTensors(readFileSync(file), file);
  if (!skip.some((pattern) => matchesName(pattern, "tokens.weight"))) {
    requireSameCharacters(built.data, stored, file);
  }
  const others = startFrom(built, stored.tensors, file, { skip });
  if (others.length > 0)
    terminal.note(`note: ${others.length} tensors of ${file} are not the model's: ${others[0]}`);
}

interface Plan {
  readonly spec: RunSpec;
  readonly resume: boolean;
  /** Makes or opens the folder and locks it. Called when everything else is known to be right. */
  readonly open: () => RunFolder;
}

async function planRun(
  args: readonly string[],
  { flags, options }: Pick<Invocation, "flags" | "options">,
): Promise<Plan> {
  const { resume, out } = options as { resume?: string | true; out?: string };
  const [first, overrides] = splitArguments(args, flags);
  // `train --resume runs/x-1` and `train runs/x-1 --resume` mean the same
  const target = first ?? (typeof resume === "string" ? resume : undefined);
  if (target === undefined) {
    throw new SteepestError("usage", "no run file is given", {
      help: "name one: steepest train run.json (examples/ has some)",
    });
  }
  const targetIsFolder = statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
  if (resume === undefined) {
    if (targetIsFolder) {
      throw new SteepestError("usage", `${target} is a folder`, {
        help: `to go on with the run in it: steepest train ${target} --resume`,
      });
    }
    const spec = await readRunFile(target, { overrides });
    return {
      spec,
      resume: false,
      open: () => (out === undefined ? createRunFolder(RUNS, spec.name) : createRunFolderAt(out)),
    };
  }
  const asked = targetIsFolder ? undefined : await readRunFile(target, { overrides });
  const path =
    out ??
    (targetIsFolder
      ? target
      : typeof resume === "string" && first !== undefined
        ? resume
        : latestRunFolder(RUNS, asked!.name));
  // opened before run.json is read: a missing folder gets its own message
  const file = join(path, "run.json");
  if (statSync(file, { throwIfNoEntry: false }) === undefined) openRunFolder(path).close();
  const stored = await readRunFile(file, {
    overrides: targetIsFolder ? overrides : overrides.filter(({ at }) => mayChange(String(at[0]))),
  });
  const begun = await readRunFile(file);
  if (options["force"] !== true) refuseChanges(begun, stored, path);
  if (asked !== undefined) refuseChanges(begun, asked, path);
  return { spec: stored, resume: true, open: () => openRunFolder(path) };
}

function writeRunFile(
  folder: RunFolder,
  { spec: { $schema: _, ...spec }, backend, validationLogEvery }: BuiltRun,
  found: FindLrResult | null,
): void {
  if (found !== null) writeFileSync(join(folder.path, "find-lr.json"), `${JSON.stringify(found)}\n`);
  folder.writeRun({
    ...spec,
    madeWith: {
      ...(found !== null && {
        lr: `find-lr by ${found.for} loss, confidence ${found.confidence}`,
      }),
      // in epochs; left out where each validation has its line
      ...(validationLogEvery > 1 && { validationLogEvery }),
      steepest: version,
      backend,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    },
  });
}

interface Ended {
  readonly ending: Ending;
  /** What the guard against non-finite numbers said when it stopped the run. */
  readonly failure: SteepestError | null;
}

/** Runs with a progress display; SIGINT and SIGTERM finish the step, a second SIGINT stops at once. */
async function runLoop(
  built: BuiltRun,
  folder: RunFolder,
  {
    from,
    terminal,
    quiet,
    torch,
  }: { from: Progress | undefined; terminal: Terminal; quiet: boolean; torch: TorchEngine | null },
): Promise<Ended> {
  const interrupt = catchInterrupt();
  const progress = createProgress({ terminal, quiet, total: built.totalSteps });
  if (!quiet) {
    const what = `${showWhole(built.parameters)} parameters, ${showWhole(built.plan.n)} rows, batches of ${built.plan.batchSize}`;
    const frozen = built.parts.model.frozen ?? [];
    if (frozen.length > 0) progress.note(frozenWords(frozen));
    progress.note(
      `${from ? `going on at step ${from.step} of` : "training"} ${folder.path}: ${what}, backend ${built.backend}`,
    );
  }
  const warnings = createWarnings({
    before: from === undefined ? [] : readMetrics(metricsOf(folder)),
    onWarning: (finding, log) => progress.note(alertLine(finding, log, { colors: terminal.colors })),
  });
  const begun = systemClock.now();
  let last: TrainProgress | null = null;
  const onProgress = (p: TrainProgress): void => {
    last = p;
    progress.update(p);
    warnings.look();
  };
  const { signal } = interrupt;
  try {
    if (torch !== null) {
      const hooks = { onProgress, onMetrics: warnings.append, onNote: progress.note, signal };
      return { ending: await torch.run(built, folder, { from, ...hooks }), failure: null };
    }
    const outcome = await train(built, {
      store: {
        ...folder,
        appendMetrics: (text) => {
          warnings.append(text);
          return folder.appendMetrics(text);
        },
      },
      ...(from && { from }),
      signal,
      onProgress,
    });
    const test = outcome.status === "done" ? built.evaluate("test") : null;
    return { ending: { ...outcome, test }, failure: null };
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    const seconds = (systemClock.now() - begun) / 1000;
    return { ending: brokenOff(folder, last, { from, seconds }), failure: error };
  } finally {
    progress.stop();
    interrupt.release();
  }
}

const metricsOf = (folder: RunFolder): string => join(folder.path, "metrics.jsonl");
const logOf = (folder: RunFolder): RunLog => readRunLog(metricsOf(folder), folder.path);

/** What is known of a run that the guard stopped: its last line of metrics, and the last progress. */
function brokenOff(
  folder: RunFolder,
  last: TrainProgress | null,
  { from, seconds }: { from: Progress | undefined; seconds: number },
): Ending {
  const log = logOf(folder);
  const loss = seriesOf(log, "loss");
  const step = loss?.steps.at(-1) ?? 0;
  return {
    status: "non-finite",
    step,
    finalLoss: loss?.values.at(-1) ?? null,
    best: null,
    validation: last?.validation ?? null,
    test: null,
    lr: seriesOf(log, "lr")?.values.at(-1) ?? Number.NaN,
    seconds,
    stepsPerSecond: (step - (from?.step ?? 0)) / seconds,
  };
}

const MAX_FROZEN = 6;

function frozenWords(names: readonly string[]): string {
  const more = names.length - MAX_FROZEN;
  return `frozen: ${names.slice(0, MAX_FROZEN).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** The names of what was drawn. */
async function drawPlots(
  folder: RunFolder,
  judged: Judged,
  { facts, terminal }: { facts: RunFacts; terminal: Terminal },
): Promise<readonly string[]> {
  const { writeFiles } = await import("../train/files.ts");
  const { written, missing } = await writeFiles(folder.path, judged, facts);
  for (const text of missing) terminal.note(`note: ${text}`);
  return written;
}

function filesWords(
  folder: RunFolder,
  plots: readonly string[],
  { ending, terminal }: { ending: Ending; terminal: Terminal },
): string {
  const shown = relative(process.cwd(), folder.path) || folder.path;
  const files = ["run.json", "metrics.jsonl", ...plots, "checkpoint-last and -best.safetensors"];
  const line = terminal.colors.dim(`files in ${shown}: ${files.join(", ")}`);
  return ending.status === "interrupted" ? `${line}\ngo on with: steepest train ${shown} --resume` : line;
}
