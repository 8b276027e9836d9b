/** `steepest compare`: run file and optimizers → cells in worker threads → folder → table, sketch and charts. */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { SteepestError } from "../../run/errors.ts";
import { readRunFile } from "../../run/node-run-file.ts";
import { buildRun } from "../../train/index.ts";
import { allocate, allocated } from "../../tune/compare/allocation.ts";
import type { Comparison } from "../../tune/compare/compare.ts";
import { checkRates, parseContestants } from "../../tune/compare/contestants.ts";
import { ratePlan } from "../../tune/compare/rates.ts";
import type { Invocation } from "../command.ts";
import { compareDocument } from "../compare/document.ts";
import { drawComparison } from "../compare/draw.ts";
import { reportComparison } from "../compare/report.ts";
import { interrupted, openFolder, requirePeak, runComparison } from "../compare/run-comparison.ts";
import { cellTools } from "../compare-worker.ts";
import { requirePlotFile } from "../plot-path.ts";
import { splitArguments } from "../run-arguments.ts";
import { combinations, comparePrograms, rootOf } from "../search/compare.ts";
import { reportPrograms } from "../search/compare-report.ts";
import { prepare } from "../search/find.ts";
import { interrupted as interruptedSearch, requireProgram } from "../search/invocation.ts";
import type { ProgramFlags } from "../search/options.ts";
import { trainPart } from "../search/part.ts";

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
  if (options["total"] !== undefined) {
    throw new SteepestError("usage", "--total is for run files", {
      help: "bound a comparison of programs by --time, or each search by --budget",
    });
  }
  const flags = options as ProgramFlags;
  const quiet = options["quiet"] === true;
  const prepared = prepare(program, "compare", {
    ...SEEDS,
    ...flags,
    jobs: flags.jobs ?? 1,
    quiet,
    terminal,
  });
  const sets = combinations(flags.set ?? [], prepared);
  if (flags.part !== undefined) {
    const settings = sets.map((set) => ({ set, root: rootOf(prepared, set) }));
    return trainPart(prepared, flags.part, { settings, json, terminal });
  }
  const comparison = await comparePrograms(prepared, sets);
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
  requirePeak(built);
  const folder = openFolder(built, {
    path: options["out"] as string | undefined,
    name: `compare-${question.run.name}`,
  });
  try {
    const outcome = await runComparison(question, folder, {
      jobs,
      terminal,
      quiet: options["quiet"] === true,
      built,
    });
    if (outcome.summary === null)
      return interrupted(folder, outcome.finished, { terminal, json, schema: "steepest.compare/1" });
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

/** Where no flag says otherwise. */
const SEEDS = { seeds: 3, freshSeeds: 8 } as const;

type Flags = {
  readonly optimizers?: string;
  readonly rates?: string;
  readonly budget?: number;
  readonly total?: number;
  readonly seeds?: number;
  readonly freshSeeds?: number;
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
  const { optimizers, target } = options as Flags;
  if (optimizers === undefined) {
    throw new SteepestError("usage", "no optimizers are given", {
      help: "name those to compare: --optimizers sgd:momentum=0.9,adam",
    });
  }
  const contestants = parseContestants(optimizers, run.optimizer);
  const spending = spendingOf(options as Flags, { optimizers: contestants.length, seed: run.seed });
  const { plan } = spending;
  if (plan.kind === "list") for (const c of contestants) checkRates(c, plan.rates);
  return { run, contestants, target, ...spending };
}

type Spending = Pick<Comparison, "plan" | "seeds" | "freshSeeds" | "arms">;

/** As the flags say one by one, or as a total is shared. */
function spendingOf(
  { rates, budget, total, ...given }: Flags,
  { optimizers, seed }: { optimizers: number; seed: number },
): Spending {
  const plan = ratePlan({ rates, budget });
  if (total === undefined) {
    const { seeds, freshSeeds } = { ...SEEDS, ...given };
    return { plan, seeds: Array.from({ length: seeds }, (_, i) => seed + i), freshSeeds };
  }
  const flag = Object.entries({ budget, seeds: given.seeds, "fresh-seeds": given.freshSeeds }).find(
    ([, value]) => value !== undefined,
  );
  if (flag !== undefined || plan.kind === "list") {
    const what = flag === undefined ? "a list of --rates" : `--${flag[0]}`;
    throw new SteepestError("usage", `--total shares out the trainings by itself, and ${what} does too`, {
      help: `leave ${what} out, or --total`,
    });
  }
  return { seeds: [seed], ...allocated(allocate(total, optimizers, { wide: true }), plan.bounds) };
}
