/** `steepest advise`: run file → kind of problem → short list → comparison within a budget → a sentence and a run file. */
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { SteepestError } from "../../run/errors.ts";
import { readRunFile } from "../../run/node-run-file.ts";
import { showNumber } from "../../run/show-number.ts";
import type { RunSpec } from "../../run/spec.ts";
import { type BuiltRun, buildRun } from "../../train/index.ts";
import { adviceOf, adviceQuestion, type RunAdvice } from "../../tune/advise/advise-run.ts";
import { type Problem, problemOf, problemWords } from "../../tune/advise/problem.ts";
import { type ShortList, shortList } from "../../tune/advise/shortlist.ts";
import { allocate } from "../../tune/compare/allocation.ts";
import type { CompareResult, Comparison } from "../../tune/compare/compare.ts";
import type { Invocation } from "../command.ts";
import { interrupted, openFolder, requirePeak, runComparison } from "../compare/run-comparison.ts";
import { cellTools } from "../compare-worker.ts";
import { splitArguments } from "../run-arguments.ts";
import { showSeconds, type Terminal, table } from "../terminal.ts";

type Flags = {
  readonly budget: number;
  readonly target?: number;
  readonly list?: true;
  readonly jobs?: number;
  readonly out?: string;
  readonly quiet?: true;
};

/** What advise prints with `--json`. */
interface AdviceDocument extends RunAdvice {
  readonly schema: "steepest.advise/1";
  readonly status: "done";
  readonly problem: Problem;
  readonly list: ShortList;
  readonly budget: number;
  readonly compared: readonly string[];
  /** Null where every candidate diverged. */
  readonly runFile: string | null;
  readonly folder: string;
  readonly comparison: CompareResult;
}

export async function run(invocation: Invocation): Promise<number> {
  const { options, terminal, json } = invocation;
  const {
    budget,
    target,
    list: listOnly,
    jobs = availableParallelism(),
    out,
    quiet = false,
  } = options as Flags;
  const run = await readRun(invocation);
  const built = await buildRun(withoutRate(run), await cellTools(run.backend));
  requirePeak(built);
  const problem = problemOf(built);
  const list = shortList(problem);
  const question = adviceQuestion(run, { candidates: list.candidates, budget, target });
  if (listOnly === true) return printList({ problem, list, question, budget, built }, { terminal, json });
  if (!quiet)
    terminal.note(`short list for ${list.kind}: ${question.contestants.map((c) => c.label).join(", ")}`);
  const folder = openFolder(built, { path: out, name: `advise-${run.name}` });
  try {
    const outcome = await runComparison(question, folder, { jobs, terminal, quiet, built });
    if (outcome.summary === null)
      return interrupted(folder, outcome.finished, { terminal, json, schema: "steepest.advise/1" });
    const advice = adviceOf(outcome.summary, question);
    const runFile = advice.optimizer === null ? null : join(folder.path, "run.json");
    if (advice.optimizer !== null)
      folder.write("run.json", `${JSON.stringify({ ...run, optimizer: advice.optimizer }, null, 2)}\n`);
    const record: AdviceDocument = {
      schema: "steepest.advise/1",
      status: "done",
      ...advice,
      problem,
      list,
      budget,
      compared: question.contestants.map((c) => c.label),
      runFile,
      folder: folder.path,
      comparison: outcome.summary,
    };
    folder.write("advice.json", `${JSON.stringify(record, null, 2)}\n`);
    if (json) terminal.print(JSON.stringify(record));
    else report(record, outcome.seconds, terminal);
    return advice.optimizer === null ? 1 : 0;
  } finally {
    folder.close();
  }
}

async function readRun({ args, flags }: Invocation): Promise<RunSpec> {
  const [file, overrides] = splitArguments(args, flags);
  if (file === undefined) {
    throw new SteepestError("usage", "no run file is given", {
      help: "name one: steepest advise run.json (examples/ has some)",
    });
  }
  return readRunFile(file, { overrides });
}

/** The rate is what is looked for: one that is given, or "auto", says nothing. */
const withoutRate = ({ optimizer: { lr: _, ...optimizer }, ...run }: RunSpec): RunSpec => ({
  ...run,
  optimizer,
});

interface Listed {
  readonly problem: Problem;
  readonly list: ShortList;
  readonly question: Comparison;
  readonly budget: number;
  readonly built: BuiltRun;
}

function printList(
  { problem, list, question, budget, built }: Listed,
  { terminal, json }: { terminal: Terminal; json: boolean },
): number {
  const compared = question.contestants.map((c) => c.label);
  const allocation = { candidates: compared.length, ...allocate(budget, compared.length) };
  if (json) {
    const record = {
      schema: "steepest.advise/1",
      status: "list",
      problem,
      list,
      budget,
      compared,
      allocation,
    };
    terminal.print(JSON.stringify(record));
    return 0;
  }
  const { arms } = allocation;
  const choosing = arms === 0 ? "" : `; before these, further seeds choose among the ${arms} quickest rates`;
  terminal.print(`${problemWords(problem)}: ${list.kind}\n`);
  terminal.print(table(list.candidates.map((c) => [c.optimizer, c.because])));
  terminal.print(
    `\nwithin ${showNumber(budget)} trainings of ${built.totalSteps} steps: ${compared.join(", ")}; each with a search of ${allocation.search} trainings, ${allocation.rates} rates around it and up to ${allocation.fresh} fresh seeds${choosing}`,
  );
  return 0;
}

function report(record: AdviceDocument, seconds: number, { print, colors }: Terminal): void {
  const { bold, dim, green, yellow } = colors;
  const { sentence, optimizer, evidence, list, problem, cost, budget, runFile, folder } = record;
  print(`${bold(problemWords(problem))}: ${list.kind}`);
  print("");
  print((optimizer === null ? yellow : green)(sentence));
  for (const words of evidence) print(`  ${words}`);
  print("");
  if (runFile !== null) print(`train it: steepest train ${relative(process.cwd(), runFile)}`);
  print(
    dim(
      `${showNumber(cost)} of ${showNumber(budget)} trainings in ${showSeconds(seconds)}; all of it in ${relative(process.cwd(), folder) || "."}`,
    ),
  );
}
