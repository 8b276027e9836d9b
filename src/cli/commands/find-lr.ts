/** `steepest find-lr`: run file and flags → search with progress → a rate, how sure it is, and a sketch. */
import { SteepestError } from "../../run/errors.ts";
import { readRunFile } from "../../run/node-run-file.ts";
import type { RunSpec } from "../../run/spec.ts";
import type { FindLrOptions } from "../../tune/find-lr/find-lr.ts";
import type { Invocation } from "../command.ts";
import { reportFindLr } from "../find-lr/report.ts";
import { findLrChart, type SearchOptions, searchWithProgress } from "../find-lr/search.ts";
import { requirePlotFile } from "../plot-path.ts";
import { commandAt } from "../program/template.ts";
import { splitArguments } from "../run-arguments.ts";
import { judgeCurve } from "../search/curve.ts";
import { findProgramRate, prepare } from "../search/find.ts";
import { interrupted, requireProgram } from "../search/invocation.ts";
import type { ProgramFlags } from "../search/options.ts";
import { trainPart } from "../search/part.ts";
import { chartOf, documentOf, outcomeOf, reportProgram } from "../search/report.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { program, options } = invocation;
  if (options["curve"] !== undefined) return forCurve(invocation, options["curve"] as string);
  return program === null ? forRunFile(invocation) : forProgram(invocation, program);
}

async function forRunFile({ args, flags, options, terminal, json }: Invocation): Promise<number> {
  const [file, overrides] = splitArguments(args, flags);
  if (file === undefined) {
    throw new SteepestError("usage", "no run file is given", {
      help: "name one: steepest find-lr run.json (examples/ has some)",
    });
  }
  const search = searchFlags(options);
  const plot = options["plot"] as string | undefined;
  if (plot !== undefined) requirePlotFile(plot);
  const spec = await readRunFile(file, { overrides });
  const quiet = options["quiet"] === true;
  const widths = options["widths"] as readonly number[] | undefined;
  if (options["perGroup"] === true && (widths !== undefined || plot !== undefined)) {
    throw new SteepestError(
      "usage",
      `--per-group and ${widths === undefined ? "--plot" : "--widths"} do not go together`,
      {
        help: "leave one of them out",
      },
    );
  }
  if (widths !== undefined)
    return forWidths(spec, widths, { search: { ...search, terminal, quiet }, json, plot });
  if (options["perGroup"] === true) return forGroups(spec, { search: { ...search, terminal, quiet }, json });
  const found = await searchWithProgress(spec, { ...search, terminal, quiet });
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

async function forGroups(
  spec: RunSpec,
  { search, json }: { search: SearchOptions; json: boolean },
): Promise<number> {
  const { ratesByGroup, reportGroups } = await import("../find-lr/groups.ts");
  const { terminal } = search;
  const found = await ratesByGroup(spec, search);
  if (found === null) {
    terminal.note("interrupted before all groups are known");
    return 130;
  }
  if (json) terminal.print(JSON.stringify(found));
  else reportGroups(found, terminal);
  return found.groups.length === 0 ? 1 : 0;
}

async function forWidths(
  spec: RunSpec,
  factors: readonly number[],
  { search, json, plot }: { search: SearchOptions; json: boolean; plot: string | undefined },
): Promise<number> {
  const { ratesByWidth, reportWidths, widthsChart } = await import("../find-lr/widths.ts");
  const { terminal } = search;
  const found = await ratesByWidth(spec, factors, search);
  if (found === null) {
    terminal.note("interrupted before all widths are known");
    return 130;
  }
  if (plot !== undefined) {
    await (await import("../../plot/node-save.ts")).savePlot(widthsChart(found), plot);
    terminal.note(`plot in ${plot}`);
  }
  if (json) terminal.print(JSON.stringify(found));
  else reportWidths(found, terminal);
  return found.rates.every((r) => r.lr !== null) ? 0 : 1;
}

async function forProgram(
  { args, options, terminal, json }: Invocation,
  program: readonly string[],
): Promise<number> {
  requireProgram(
    program,
    args,
    "give a run file, or a program after --: steepest find-lr -- python train.py --lr {lr}",
  );
  const plot = options["plot"] as string | undefined;
  if (plot !== undefined) requirePlotFile(plot);
  const prepared = prepare(program, "find-lr", {
    ...(options as ProgramFlags),
    quiet: options["quiet"] === true,
    terminal,
  });
  const { part } = options as ProgramFlags;
  if (part !== undefined)
    return trainPart(prepared, part, { settings: [{ set: {}, root: prepared.folder }], json, terminal });
  const search = await findProgramRate(prepared);
  if (search === null) return interrupted(prepared.folder, terminal);
  const found = documentOf(outcomeOf(search));
  const chart = chartOf(found, program.join(" "));
  if (plot !== undefined) await (await import("../../plot/node-save.ts")).savePlot(chart, plot);
  if (json) terminal.print(JSON.stringify(found));
  else
    reportProgram(found, {
      terminal,
      use: (lr) => commandAt(prepared.template, { lr, seed: prepared.options.seed ?? 0 }),
      plot,
      chart,
    });
  return found.suggestion === null ? 1 : 0;
}

/** Trainings that `range_test` of steepest_probe.py has made. */
async function forCurve(
  { args, options, program, terminal, json }: Invocation,
  file: string,
): Promise<number> {
  if (args.length > 0 || program !== null) {
    throw new SteepestError(
      "usage",
      "--curve judges trainings that are made, and something to train is given too",
      {
        help: `leave it out: steepest find-lr --curve ${file}`,
      },
    );
  }
  const plot = options["plot"] as string | undefined;
  if (plot !== undefined) requirePlotFile(plot);
  const { outcome, title } = await judgeCurve(file);
  const found = documentOf(outcome);
  const chart = chartOf(found, title);
  if (plot !== undefined) await (await import("../../plot/node-save.ts")).savePlot(chart, plot);
  if (json) terminal.print(JSON.stringify(found));
  else reportProgram(found, { terminal, use: null, plot, chart });
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
