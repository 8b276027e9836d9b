/** `steepest analyze`: run file or folder → curvature, noise, limits, bounds → tables, sketches, charts. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { nodeHost } from "../../data/node-host.ts";
import type { Backend } from "../../engine/backend.ts";
import { chooseBackend } from "../../engine/registry.ts";
import { SteepestError } from "../../run/errors.ts";
import { importFunction, readRunFile } from "../../run/node-run-file.ts";
import { type BuiltRun, buildRun } from "../../train/build.ts";
import { restoreCheckpoint } from "../../train/checkpoint.ts";
import { type Analysis, analyze, stepsToFollow } from "../../tune/convergence/analysis.ts";
import { drawAnalysis, nothingToDraw, preparePlot } from "../analyze/draw.ts";
import { analyzeProbeFile } from "../analyze/probe.ts";
import { reportAnalysis } from "../analyze/report.ts";
import type { Invocation } from "../command.ts";
import { catchInterrupt } from "../interrupt.ts";
import { createBar } from "../progress.ts";
import { splitArguments } from "../run-arguments.ts";
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
  const { built, from, backend } = await openRun(args, names);
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

/** The run at its start, or where its folder's last checkpoint stood. */
async function openRun(
  args: readonly string[],
  flags: readonly string[],
): Promise<{ built: BuiltRun; from: number | null; backend: Backend }> {
  const [target, overrides] = splitArguments(args, flags);
  if (target === undefined) {
    throw new SteepestError("usage", "no run is given", {
      help: "name a run file or a run folder: steepest analyze run.json (examples/ has some)",
    });
  }
  const isFolder = statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = isFolder ? join(target, "run.json") : target;
  if (isFolder && statSync(file, { throwIfNoEntry: false }) === undefined) {
    throw new SteepestError("run-missing", `there is no run.json in ${target}`, {
      help: "name a folder that steepest train wrote, or a run file",
    });
  }
  const spec = await readRunFile(file, { overrides });
  const backend = await chooseBackend(spec.backend);
  const built = await buildRun(spec, { host: { ...nodeHost(), importFunction }, backend });
  if (!isFolder) return { built, from: null, backend };
  const checkpoint = join(target, "checkpoint-last.safetensors");
  const progress = restoreCheckpoint(readCheckpoint(checkpoint), built.step.state, checkpoint);
  return { built, from: progress.step, backend };
}

function readCheckpoint(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SteepestError("checkpoint-missing", `the checkpoint ${path} can't be read`, {
      help: "analyze the run file itself, or train the run first",
      cause,
    });
  }
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
