/** `steepest compare`: run file and optimizers → cells in worker threads → folder → table, sketch and charts. */

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import type { Samples } from "../../data/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { systemClock } from "../../run/long-work.ts";
import { readRunFile } from "../../run/node-run-file.ts";
import { showNumber } from "../../run/show-number.ts";
import { type BuiltRun, buildRun } from "../../train/index.ts";
import { type CompareResult, type Comparison, compare } from "../../tune/compare/compare.ts";
import { checkRates, parseContestants } from "../../tune/compare/contestants.ts";
import { type CompareFolder, openCompareFolder, sharedRun } from "../../tune/compare/node-folder.ts";
import { ratePlan } from "../../tune/compare/rates.ts";
import { schedulePeak } from "../../tune/find-lr/schedule-peak.ts";
import type { Invocation } from "../command.ts";
import { compareDocument } from "../compare/document.ts";
import { drawComparison } from "../compare/draw.ts";
import { reportComparison } from "../compare/report.ts";
import { createPool } from "../compare-pool.ts";
import { cellTools } from "../compare-worker.ts";
import { catchInterrupt } from "../interrupt.ts";
import { requirePlotFile } from "../plot-path.ts";
import { createBar } from "../progress.ts";
import { splitArguments } from "../run-arguments.ts";
import { combinations, comparePrograms } from "../search/compare.ts";
import { reportPrograms } from "../search/compare-report.ts";
import { prepare } from "../search/find.ts";
import { interrupted as interruptedSearch, requireProgram } from "../search/invocation.ts";
import type { ProgramFlags } from "../search/options.ts";
import { showSeconds, type Terminal } from "../terminal.ts";

const RUNS = "runs";

export async function run(invocation: Invocation): Promise<number> {
  return invocation.program === null ? forRunFile(invocation) : forProgram(invocation, invocation.program);
}

async function forProgram(
  { args, options, terminal, json }: Invocation,
  program: readonly string[],
): Promise<number> {
  requireProgram(
    program,
    args,
    "steepest compare --set optimizer=sgd,adamw -- python train.py --opt {optimizer} --lr {lr}",
  );
  const flags = options as ProgramFlags;
  const quiet = options["quiet"] === true;
  const prepared = prepare(program, "compare", { ...flags, jobs: flags.jobs ?? 1, quiet, terminal });
  const comparison = await comparePrograms(prepared, combinations(flags.set ?? [], prepared));
  if (comparison === null) return interruptedSearch(prepared.folder, terminal);
  writeFileSync(join(prepared.folder, "compare.json"), `${JSON.stringify(comparison, null, 2)}\n`);
  if (json) terminal.print(JSON.stringify(comparison));
  else reportPrograms(comparison, { terminal });
  return comparison.contestants[0]?.mean == null ? 1 : 0;
}

async function forRunFile(invocation: Invocation): Promise<number> {
  const { options, terminal, json } = invocation;
  const question = await questionOf(invocation);
  const jobs = (options["jobs"] as number | undefined) ?? availableParallelism();
  if (typeof options["plot"] === "string") requirePlotFile(options["plot"]);
  const first = question.contestants[0]!;
  const built = await buildRun(
    { ...question.run, optimizer: first.optimizer },
    await cellTools(question.run.backend),
  );
  if (schedulePeak(built).factor === null) {
    const { name } = question.run.schedule;
    throw new SteepestError("usage", `the schedule ${name} sets its own rates, so there is none to compare`, {
      help: "choose another, e.g. --schedule constant",
    });
  }
  const shared = sharedRun(built.spec, digest(built), built.totalSteps);
  const folder = openCompareFolder(shared, {
    path: options["out"] as string | undefined,
    root: RUNS,
    name: question.run.name,
  });
  try {
    const outcome = await runAll(question, folder, {
      jobs,
      terminal,
      quiet: options["quiet"] === true,
      built,
    });
    if (outcome.summary === null) return interrupted(folder, outcome.finished, { terminal, json });
    const record = compareDocument(outcome.summary, {
      question,
      built,
      folder: folder.path,
      jobs,
      ...outcome,
    });
    folder.write("compare.json", `${JSON.stringify(record, null, 2)}\n`);
    await drawComparison(record, folder, options["plot"] as string | undefined);
    if (json) terminal.print(JSON.stringify(record));
    else reportComparison(record, terminal);
    return record.contestants.some((c) => c.best !== null) ? 0 : 1;
  } finally {
    folder.close();
  }
}

type Flags = {
  readonly optimizers?: string;
  readonly rates?: string;
  readonly budget?: number;
  readonly seeds: number;
  readonly freshSeeds: number;
  readonly target?: number | "best";
};

async function questionOf({ args, flags, options }: Invocation): Promise<Comparison> {
  const [file, overrides] = splitArguments(args, flags);
  if (file === undefined) {
    throw new SteepestError("usage", "no run file is given", {
      help: "name one: steepest compare run.json --optimizers sgd,adam (examples/ has some)",
    });
  }
  const run = await readRunFile(file, { overrides });
  const { optimizers, rates, budget, seeds, freshSeeds, target } = options as Flags;
  const plan = ratePlan({ rates, budget });
  if (optimizers === undefined) {
    throw new SteepestError("usage", "no optimizers are given", {
      help: "name those to compare: --optimizers sgd:momentum=0.9,adam",
    });
  }
  const contestants = parseContestants(optimizers, run.optimizer);
  if (plan.kind === "list") for (const c of contestants) checkRates(c, plan.rates);
  return {
    run,
    contestants,
    seeds: Array.from({ length: seeds }, (_, i) => run.seed + i),
    plan,
    freshSeeds,
    target,
  };
}

/** The training and validation rows as the run sees them. */
function digest({ data }: BuiltRun): string {
  const hash = createHash("sha256");
  const add = ({ features, target }: Samples): void => {
    for (const { data, shape } of [features, target]) {
      hash
        .update(JSON.stringify(shape))
        .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  };
  add(data);
  if (data.validation) add(data.validation);
  return hash.digest("hex").slice(0, 32);
}

interface Outcome {
  /** Null when interrupted. */
  readonly summary: CompareResult | null;
  /** Cells that the folder holds now. */
  readonly finished: number;
  /** Of them, run this time. */
  readonly ran: number;
  readonly seconds: number;
}

/** SIGINT and SIGTERM give up the running cells and keep the finished ones; a second SIGINT stops at once. */
async function runAll(
  question: Comparison,
  folder: CompareFolder,
  { jobs, terminal, quiet, built }: { jobs: number; terminal: Terminal; quiet: boolean; built: BuiltRun },
): Promise<Outcome> {
  const { contestants, seeds, plan } = question;
  const interrupt = catchInterrupt();
  const pool = await createPool(jobs, interrupt.signal);
  const began = systemClock.now();
  const elapsed = (): number => (systemClock.now() - began) / 1000;
  if (!quiet) {
    const found = folder.known.size > 0 ? `, ${folder.known.size} finished before` : "";
    const rates = plan.kind === "list" ? `${plan.rates.length} rates` : "the best rate and its neighbours";
    const size = `${contestants.length} optimizers × ${rates} × ${seeds.length} seeds`;
    terminal.note(
      `comparing in ${folder.path}: ${size}, ${built.totalSteps} steps each, ${jobs} at a time${found}`,
    );
  }
  const bar = createBar({ terminal, quiet, total: 1 });
  let ran = 0;
  try {
    const summary = await compare(question, {
      known: folder.known,
      searched: folder.searched,
      runCell: pool.run,
      searchRate: pool.search,
      onCell: folder.append,
      onSearch: folder.appendSearch,
      signal: interrupt.signal,
      onProgress: (p) => {
        ran = p.ran;
        const left = p.ran === 0 ? Number.NaN : (elapsed() / p.ran) * (p.expected - p.done);
        const best =
          p.best && `  best so far ${showNumber(p.best.loss)}: ${p.best.label} at ${showNumber(p.best.lr)}`;
        const text = `${showSeconds(left)} left${best ?? ""}`;
        bar.update(p.done, text, {
          total: p.expected,
          line: `${p.done} of about ${p.expected} runs  ${text}`,
        });
      },
    });
    return { summary, finished: folder.known.size + ran, ran, seconds: elapsed() };
  } finally {
    bar.stop();
    interrupt.release();
    await pool.close();
  }
}

function interrupted(
  folder: CompareFolder,
  finished: number,
  { terminal, json }: { terminal: Terminal; json: boolean },
): number {
  if (json) {
    const record = { schema: "steepest.compare/1", status: "interrupted", folder: folder.path, finished };
    terminal.print(JSON.stringify(record));
  }
  terminal.note(`interrupted: ${finished} finished runs are kept in ${folder.path}`);
  terminal.note(`go on with: ${sameCommand(relative(process.cwd(), folder.path) || ".")}`);
  return 130;
}

/** The command as it was typed, on this folder. */
function sameCommand(folder: string): string {
  const args = process.argv.slice(2);
  const kept = args.filter((a, i) => a !== "--out" && args[i - 1] !== "--out" && !a.startsWith("--out="));
  const quoted = [...kept, "--out", folder].map((a) =>
    /^[\w@%+=:,./-]+$/.test(a) ? a : `'${a.replace(/'/g, "'\\''")}'`,
  );
  return `steepest ${quoted.join(" ")}`;
}
