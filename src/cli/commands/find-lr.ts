/** `steepest find-lr`: run file and flags → search with progress → a rate, how sure it is, and a sketch. */
import { SteepestError } from "../../run/errors.ts";
import { readRunFile } from "../../run/node-run-file.ts";
import type { FindLrOptions } from "../../tune/find-lr/find-lr.ts";
import type { Invocation } from "../command.ts";
import { reportFindLr } from "../find-lr/report.ts";
import { findLrChart, searchWithProgress } from "../find-lr/search.ts";
import { requirePlotFile } from "../plot-path.ts";
import { splitArguments } from "../run-arguments.ts";
import { findProgramRate } from "../search/find.ts";
import type { ProgramFlags } from "../search/options.ts";
import { chartOf, documentOf, reportProgram } from "../search/report.ts";

/** Flags of both: with a run file they are its settings. */
const SETTINGS = ["seed", "steps", "loss"] as const;
/** Flags that say nothing of a run file. */
const PROGRAM_ONLY = ["lr", "time", "gpus", "log", "step", "launcher", "pause", "out", "resume"] as const;

export async function run(invocation: Invocation): Promise<number> {
  return invocation.program === null ? forRunFile(invocation) : forProgram(invocation, invocation.program);
}

async function forRunFile({ args, flags, options, terminal, json }: Invocation): Promise<number> {
  const foreign = PROGRAM_ONLY.find((name) => options[name] !== undefined);
  if (foreign !== undefined) {
    throw new SteepestError("usage", `--${foreign} goes with a program after --, not with a run file`, {
      help: foreign === "lr" ? "the run's own rate is --optimizer.lr" : "steepest find-lr --help lists both",
    });
  }
  const given = SETTINGS.flatMap((name) =>
    options[name] === undefined ? [] : [`--${name}`, String(options[name])],
  );
  const [file, overrides] = splitArguments([...args, ...given], flags);
  if (file === undefined) {
    throw new SteepestError("usage", "no run file is given", {
      help: "name one: steepest find-lr run.json (examples/ has some)",
    });
  }
  const search = searchFlags(options);
  const plot = options["plot"] as string | undefined;
  if (plot !== undefined) requirePlotFile(plot);
  const spec = await readRunFile(file, { overrides });
  const found = await searchWithProgress(spec, { ...search, terminal, quiet: options["quiet"] === true });
  if (found === null) {
    terminal.note("interrupted before anything is known");
    return 130;
  }
  const chart = findLrChart(found.result, spec);
  if (plot !== undefined) await (await import("../../plot/node-save.ts")).savePlot(chart, plot);
  if (json) terminal.print(JSON.stringify(found.result));
  else reportFindLr(found.result, { chart, terminal, file, plot });
  return found.result.suggestion === null ? 1 : 0;
}

async function forProgram(
  { args, options, terminal, json }: Invocation,
  program: readonly string[],
): Promise<number> {
  if (program.length === 0 || args.length > 0) {
    throw new SteepestError(
      "usage",
      program.length === 0 ? "no program is given" : `${args[0]} stands before --`,
      {
        help: "give a run file, or a program after --: steepest find-lr -- python train.py --lr {lr}",
      },
    );
  }
  const plot = options["plot"] as string | undefined;
  if (plot !== undefined) requirePlotFile(plot);
  const flags = options as ProgramFlags;
  const search = await findProgramRate(program, {
    ...flags,
    from: options["from"] as number | undefined,
    to: options["to"] as number | undefined,
    seeds: (options["seeds"] as number | undefined) ?? 3,
    quiet: options["quiet"] === true,
    terminal,
  });
  if (search.result === null) {
    terminal.note(
      `interrupted; trainings that had ended are kept: go on with --resume --out ${search.folder}`,
    );
    return 130;
  }
  const found = documentOf(search);
  const chart = chartOf(found, program.join(" "));
  if (plot !== undefined) await (await import("../../plot/node-save.ts")).savePlot(chart, plot);
  if (json) terminal.print(JSON.stringify(found));
  else reportProgram(found, { terminal, command: program.join(" "), plot, chart });
  return found.suggestion === null ? 1 : 0;
}

type SearchFlags = Pick<
  FindLrOptions,
  "for" | "budget" | "from" | "to" | "seeds" | "sweep" | "iterations" | "curvature"
>;

function searchFlags(options: Readonly<Record<string, unknown>>): SearchFlags {
  const { for: purpose, budget, from, to, seeds, sweep, iterations, curvature } = options as SearchFlags;
  if (from !== undefined && to !== undefined && to < 4 * from) {
    throw new SteepestError("usage", `--from ${from} and --to ${to} span less than a factor of 4`, {
      help: "leave room for a few rates: a power of ten around the rate you expect",
    });
  }
  return { for: purpose, budget, from, to, seeds, sweep, iterations, curvature };
}
