/** `steepest analyze`: run file or folder → curvature, noise, limits, bounds → tables, sketches, charts. */

import type { Backend } from "../../engine/backend.ts";
import { SteepestError } from "../../run/errors.ts";
import type { BuiltRun } from "../../train/build.ts";
import { type Analysis, analyze, stepsToFollow } from "../../tune/convergence/analysis.ts";
import { drawAnalysis, nothingToDraw, preparePlot } from "../analyze/draw.ts";
import { openRun } from "../analyze/open-run.ts";
import { analyzeProbeFile } from "../analyze/probe.ts";
import { reportAnalysis } from "../analyze/report.ts";
import type { Invocation } from "../command.ts";
import { catchInterrupt } from "../interrupt.ts";
import { createBar } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

export async function run({ args, flags: names, options, terminal, json }: Invocation): Promise<number> {
  const plot = options["plot"] as string | undefined;
  if (options["probe"] !== undefined) {
    if (args.length > 0) {
      throw new SteepestError("usage", "--probe takes the place of a run, and one is given too", {
        help: "give one of them: steepest analyze --probe probe.jsonl",
      });
    }
    return analyzeProbeFile(options["probe"] as string, { terminal, json, plot });
  }
  const flags = flagsOf(options);
  const { built, from, backend } = await openRun(args, names, "analyze");
  const steps = flags.steps ?? (from === null ? stepsToFollow(built) : 0);
  if (plot !== undefined) {
    if (steps === 0) throw nothingToDraw();
    preparePlot(plot);
  }
  const analysis = await analyzeWithProgress(built, {
    ...flags,
    steps,
    from: from ?? 0,
    backend,
    terminal,
    quiet: options["quiet"] === true,
  });
  if (analysis === null) {
    terminal.note("interrupted: nothing was written");
    return 130;
  }
  const files = plot === undefined ? [] : await drawAnalysis(analysis, plot);
  if (json) terminal.print(JSON.stringify(analysis));
  else reportAnalysis(analysis, { terminal, files });
  return 0;
}

interface Flags {
  readonly steps: number | undefined;
  readonly rows: number | "full" | undefined;
  readonly points: number;
}

function flagsOf({ steps, rows, looks }: Readonly<Record<string, unknown>>): Flags {
  return {
    steps: steps as number | undefined,
    rows: rows === "all" ? "full" : (rows as number | "full" | undefined),
    points: looks as number,
  };
}

async function analyzeWithProgress(
  built: BuiltRun,
  {
    terminal,
    quiet,
    ...options
  }: {
    steps: number;
    rows: number | "full" | undefined;
    points: number;
    from: number;
    backend: Backend;
    terminal: Terminal;
    quiet: boolean;
  },
): Promise<Analysis | null> {
  const bar = createBar({ terminal, quiet, total: options.steps });
  const interrupt = catchInterrupt();
  if (!quiet) {
    const along = options.steps === 0 ? "" : ` and along ${options.steps} steps`;
    bar.note(`measuring curvature at step ${options.from}${along}`);
  }
  try {
    return await analyze(built, {
      ...options,
      seed: built.spec.seed,
      signal: interrupt.signal,
      onProgress: ({ steps, text }) => bar.update(steps, text),
    });
  } finally {
    bar.stop();
    interrupt.release();
  }
}
