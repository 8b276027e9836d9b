/** `steepest train --engine torch`: the same run on PyTorch's torchrun, with the same progress, files and report. */

import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Backend } from "../../engine/backend.ts";
import { type Launch, maxNodes, requireEvenShares } from "../../handoff/launch.ts";
import { writeTorchProject } from "../../handoff/node-project.ts";
import { findTorchPython } from "../../handoff/node-python.ts";
import { meetingPoint, startTorchrun, torchrunArguments } from "../../handoff/node-torchrun.ts";
import { planningBackend } from "../../handoff/planning-backend.ts";
import { initialCheckpoint } from "../../handoff/project.ts";
import { SteepestError } from "../../run/errors.ts";
import { systemClock } from "../../run/long-work.ts";
import type { BuiltRun } from "../../train/build.ts";
import type { Progress } from "../../train/checkpoint.ts";
import { metricsHeader } from "../../train/log.ts";
import type { TrainProgress } from "../../train/loop.ts";
import type { RunFolder } from "../../train/node-run-folder.ts";
import type { Ending } from "../train/summary.ts";

export interface TorchRunOptions {
  readonly from: Progress | undefined;
  readonly signal: AbortSignal;
  readonly onMetrics: (text: string) => void;
  readonly onProgress: (progress: TrainProgress) => void;
  readonly onNote: (text: string) => void;
}

export interface TorchEngine {
  /** Holds the run's tensors; the steps are made by PyTorch. */
  readonly backend: Backend;
  /** Refuses what can't work, before a folder is made. */
  readonly check: (built: BuiltRun) => void;
  readonly run: (built: BuiltRun, folder: RunFolder, options: TorchRunOptions) => Promise<Ending>;
}

/** Flags of `--engine torch`. */
const TORCH_FLAGS: readonly string[] = [
  "engine", "nproc", "nnodes", "rdzv-endpoint", "rdzv-id", "max-restarts", "python", "device", "accumulate",
  "amp", "shard", "checkpoint-activations", "tf32", "compile",
]; // biome-ignore format: a list
/** Those that are handed to train.py as they are. */
const SWITCHES = TORCH_FLAGS.slice(TORCH_FLAGS.indexOf("amp"));

const camel = (flag: string): string => flag.replace(/-(\w)/g, (_, c: string) => c.toUpperCase());

/** PyTorch for `--engine torch`, null for steepest's own engine. Throws `usage` where flags of the one go to the other. */
export async function chooseTorch(options: Readonly<Record<string, unknown>>): Promise<TorchEngine | null> {
  const engine = options["engine"];
  if (engine === "torch") return torchEngine(options);
  const stray = TORCH_FLAGS.find((flag) => flag !== "engine" && options[camel(flag)] !== undefined);
  if (stray !== undefined) {
    throw new SteepestError("usage", `--${stray} is for PyTorch`, {
      help: "add --engine torch, or leave it out",
    });
  }
  if (engine === undefined || engine === "wasm") return null;
  throw new SteepestError("usage", `there is no engine "${String(engine)}"`, {
    help: "choose wasm (steepest's own, the default) or torch",
  });
}

/** Flags as the command's row reads them. Throws `usage` for several machines without a place to meet. */
function launchOf(options: Readonly<Record<string, unknown>>): Launch {
  const {
    nproc = 1,
    nnodes = "1",
    rdzvEndpoint: endpoint = null,
    rdzvId: id = null,
    maxRestarts = 3,
    accumulate = 1,
    python,
    device,
  }: {
    nproc?: number;
    nnodes?: string;
    rdzvEndpoint?: string | null;
    rdzvId?: string | null;
    maxRestarts?: number;
    accumulate?: number;
    python?: string;
    device?: string;
  } = options;
  if (maxNodes(nnodes) > 1 && endpoint === null) {
    throw new SteepestError("usage", "several machines need a place to meet", {
      help: "add --rdzv-endpoint HOST:29400, the same on all of them",
    });
  }
  const flags = [
    ...(device === undefined ? [] : ["--device", device]),
    ...SWITCHES.filter((flag) => options[camel(flag)] === true).map((flag) => `--${flag}`),
    ...(accumulate === 1 ? [] : ["--accumulate", String(accumulate)]),
  ];
  return { nproc, nnodes, endpoint, id, maxRestarts, python, flags };
}

/** Finds Python and a place to meet. Throws where either is missing. */
async function torchEngine(options: Readonly<Record<string, unknown>>): Promise<TorchEngine> {
  const launch = launchOf(options);
  const endpoint = await meetingPoint(launch);
  const python = findTorchPython(launch.python);
  const processes = launch.nproc === 1 ? "1 process" : `${launch.nproc} processes`;
  const machines = maxNodes(launch.nnodes) === 1 ? "" : ` on each of ${launch.nnodes} machines`;
  return {
    backend: planningBackend(`torch ${python.torch}, ${processes}${machines}`),
    check: (built) => requireEvenShares(built.plan, launch),
    run: async (built, folder, { from, signal, onMetrics, onProgress, onNote }) => {
      const out = resolve(folder.path);
      const project = join(out, "torch");
      writeTorchProject(built, project, { initial: from === undefined });
      if (from === undefined) {
        // stopped while the processes start, the run can go on all the same
        const metricsBytes = folder.appendMetrics(metricsHeader(built));
        folder.saveCheckpoint("last", initialCheckpoint(built, { metricsBytes }));
      }
      const track = tracker(built);
      const started = {
        project,
        out,
        python,
        launch,
        endpoint,
        known: statSync(join(out, "metrics.jsonl")).size,
        onNote: (text: string) => onNote(`note: ${text}`),
        onMetrics: (lines: readonly string[]) => {
          onMetrics(`${lines.join("\n")}\n`);
          const progress = track(lines);
          if (progress !== null) onProgress(progress);
        },
      };
      if (maxNodes(launch.nnodes) > 1) onNote(otherMachines(torchrunArguments(started)));
      const torchrun = startTorchrun(started);
      process.once("exit", torchrun.kill);
      signal.addEventListener("abort", torchrun.stop);
      if (signal.aborted) torchrun.stop();
      try {
        return await torchrun.ended;
      } catch (error) {
        if (signal.aborted) return stoppedEarly(from);
        throw error;
      } finally {
        signal.removeEventListener("abort", torchrun.stop);
        process.off("exit", torchrun.kill);
      }
    },
  };
}

const otherMachines = (words: readonly string[]): string =>
  `on the other machines, with this folder shared: python3 ${words.map((w) => (/\s/.test(w) ? `'${w}'` : w)).join(" ")}`;

/** Ctrl-C while the processes were starting. */
const stoppedEarly = (from: Progress | undefined): Ending => ({
  status: "interrupted",
  step: from?.step ?? 0,
  finalLoss: from?.lastLoss ?? null,
  best: from?.best ?? null,
  validation: null,
  test: null,
  lr: Number.NaN,
  seconds: 0,
  stepsPerSecond: 0,
});

/** Progress out of lines of metrics; null where none of them is a step's. */
function tracker(built: BuiltRun): (lines: readonly string[]) => TrainProgress | null {
  let first: { readonly at: number; readonly step: number } | null = null;
  let validation: TrainProgress["validation"] = null;
  return (lines) => {
    let last: Readonly<Record<string, number>> | null = null;
    for (const line of lines) {
      const record = JSON.parse(line) as Record<string, number>;
      if (record["validationLoss"] !== undefined) validation = { loss: record["validationLoss"] };
      else if (record["loss"] !== undefined) last = record;
    }
    if (last === null) return null;
    const step = last["step"]!;
    const now = systemClock.now();
    // the processes' start is not part of the speed, so the first sight gives none
    first ??= { at: now, step };
    if (step <= first.step) return null;
    const speed = ((step - first.step) / (now - first.at)) * 1000;
    return {
      step,
      totalSteps: built.totalSteps,
      epoch: built.plan.epochOf(step - 1) + 1,
      batchSize: built.plan.stages.length > 1 ? built.plan.wholeSizeOf(step - 1) : null,
      loss: Number(last["loss"]),
      lr: Number(last["lr"]),
      gradNorm: Number(last["gradNorm"]),
      stepsPerSecond: speed,
      eta: (built.totalSteps - step) / speed,
      validation,
    };
  };
}
