/** `steepest plan`: what a run would cost and gain on more processes. */

import { nodeHost } from "../../data/node-host.ts";
import { chooseBackend } from "../../engine/registry.ts";
import { findTorchPython, type TorchPython } from "../../handoff/node-python.ts";
import { ASSUMED_JITTER, type Device, devices, type Precision } from "../../handoff/plan/devices.ts";
import { computeOnDevice } from "../../handoff/plan/kernel-time.ts";
import { measureCompute } from "../../handoff/plan/measure-compute.ts";
import { canMeasureTwo, measureTorch } from "../../handoff/plan/node-measure.ts";
import {
  computeFromFlops,
  type MeasuredRun,
  makePlan,
  type NoiseScale,
  type Sourced,
} from "../../handoff/plan/plan.ts";
import type { Network } from "../../handoff/plan/ring.ts";
import type { BatchMode, Compute } from "../../handoff/plan/scaling.ts";
import { stepCost } from "../../handoff/plan/step-cost.ts";
import { planningBackend } from "../../handoff/planning-backend.ts";
import { SteepestError } from "../../run/errors.ts";
import { systemClock } from "../../run/long-work.ts";
import { importFunction, readRunFile } from "../../run/node-run-file.ts";
import type { RunSpec } from "../../run/spec.ts";
import { type BuiltRun, buildRun } from "../../train/build.ts";
import { runNoiseScale } from "../../train/noise.ts";
import type { StepParts } from "../../train/trace.ts";
import type { Invocation } from "../command.ts";
import { resolveRate } from "../find-lr/auto.ts";
import { reportPlan } from "../plan/report.ts";
import { splitArguments } from "../run-arguments.ts";

type Options = Readonly<Record<string, unknown>>;
type Flags = {
  readonly gpu?: string;
  readonly precision: Precision;
  readonly gpuFlops?: number;
  readonly utilisation: number;
  readonly noiseScale?: number;
  readonly bandwidth?: number;
  readonly latency?: number;
  readonly perMachine?: number;
  readonly machineBandwidth?: number;
  readonly machineLatency: number;
  readonly jitter?: number;
  readonly shard?: boolean;
};

export async function run({ args, flags, options, terminal, json }: Invocation): Promise<number> {
  const [file, overrides] = splitArguments(args, flags);
  if (file === undefined) throw usage("no run file is given", "name one: steepest plan run.json");
  const processes = readProcesses(options["processes"]);
  const mode = readMode(options["batch"]);
  const flagged = options as Flags;
  const device = readDevice(flagged);
  const network = readNetwork(flagged, device);
  const { gpuFlops = null, utilisation, noiseScale: known = null, shard = false, jitter } = flagged;
  if (jitter !== undefined && jitter < 0)
    throw usage(`--jitter is ${jitter}`, "give a share of the mean, such as 0.02");
  const quiet = options["quiet"] === true;
  const note = quiet ? () => {} : terminal.note;

  const asked = await readRunFile(file, { overrides });
  if (device !== null && asked.dtype === "float64")
    throw usage("--gpu estimates runs in float32", "give --gpu-flops with the device's peak in float64");
  const resolved = await resolveRate(asked, { terminal, quiet });
  if (resolved === null) return 130;
  const spec = inLargestBatches(resolved.spec, note);
  const host = { ...nodeHost(), importFunction };
  const python = torchOrWhy(options);
  const measuring = options["measure"] !== false && "path" in python && canMeasureTwo();
  if (network === null && !measuring) {
    const why = "path" in python ? "two processes need two cores" : python.message;
    throw usage(
      options["measure"] === false
        ? "the network is neither measured nor given"
        : `the network can't be measured: ${why}`,
      "give --bandwidth and --latency of one process's link, or install PyTorch to have it measured here",
    );
  }

  const noise =
    known !== null
      ? { value: { rows: known, standardError: null }, source: "given" }
      : await measureNoise(spec, { host, note });
  const build = (changes: Partial<RunSpec>): Promise<BuiltRun> =>
    buildRun({ ...spec, ...changes }, { host, backend: planningBackend("torch") });
  const built = await build({});
  const given = network !== null && (device !== null || gpuFlops !== null);
  const torch =
    measuring && !given && "path" in python
      ? await measureTorch({ python, mode, build, onNote: note })
      : null;
  const compute = await chooseCompute({ built, spec, device, gpuFlops, utilisation, torch, python, host });
  const plan = makePlan(built, {
    processes,
    mode,
    compute,
    network: network ?? {
      value: torch!.network,
      source: `measured: gloo between two processes here`,
    },
    noiseScale: noise,
    // a device or a network that is given is not the one that was timed
    measured:
      device === null && gpuFlops === null && network === null && torch !== null ? torch.measured : [],
    jitter:
      jitter === undefined
        ? { value: ASSUMED_JITTER, source: "assumed" }
        : { value: jitter, source: "given" },
    shard,
  });
  terminal.print(json ? JSON.stringify(plan) : reportPlan(plan, terminal.colors));
  return 0;
}

/** Memory and time have to do for the largest batch of a run whose batches grow. */
function inLargestBatches(spec: RunSpec, note: (text: string) => void): RunSpec {
  if (typeof spec.batchSize !== "object") return spec;
  const batchSize = Math.max(...spec.batchSize.sizes);
  note(`the run's batches grow: planned for the largest, ${batchSize} rows`);
  return { ...spec, batchSize };
}

interface ComputeChoice {
  readonly built: BuiltRun;
  readonly spec: RunSpec;
  readonly device: { readonly device: Device; readonly precision: Precision } | null;
  readonly gpuFlops: number | null;
  readonly utilisation: number;
  readonly torch: { readonly compute: Compute; readonly measured: readonly MeasuredRun[] } | null;
  readonly python: TorchPython | SteepestError;
  readonly host: Parameters<typeof buildRun>[1]["host"];
}

async function chooseCompute(choice: ComputeChoice): Promise<Sourced<Compute>> {
  const { built, spec, device, gpuFlops, utilisation, torch, python, host } = choice;
  if (device !== null) {
    const partsOf = (rows: number): StepParts => ({ ...built.parts, batch: built.parts.shapes(rows) });
    const format = device.precision === "half" ? device.device.half : device.precision;
    return {
      value: computeOnDevice(partsOf, built.plan.batchSize, device),
      source: `estimated: ${device.device.name} in ${format}, kernel by kernel`,
    };
  }
  if (gpuFlops !== null) {
    const { batchSize } = built.plan;
    const cost = stepCost({ ...built.parts, batch: built.parts.shapes(batchSize) });
    return {
      value: computeFromFlops(cost, batchSize, gpuFlops, utilisation),
      source: `given: ${gpuFlops.toExponential(2)} flop/s at ${Math.round(100 * utilisation)} % of it`,
    };
  }
  if (torch !== null && "path" in python)
    return { value: torch.compute, source: `measured: PyTorch ${python.torch}, one thread a process` };
  const backend = await chooseBackend(spec.backend);
  const own = await buildRun(spec, { host, backend });
  const { compute } = measureCompute(own, { backend, now: systemClock.now });
  return { value: compute, source: `measured: steepest's own engine (${backend.name})` };
}

/** At the start the gradient is large and one-sided; what matters is the noise a little later. */
const WARM_UP = 50;

async function measureNoise(
  spec: RunSpec,
  { host, note }: { host: ComputeChoice["host"]; note: (text: string) => void },
): Promise<Sourced<NoiseScale> | null> {
  const backend = await chooseBackend(spec.backend);
  const built = await buildRun(spec, { host, backend });
  const steps = Math.min(WARM_UP, built.totalSteps);
  note(`measuring the gradient's noise after ${steps} steps`);
  for (let k = 0; k < steps; k++) built.advance(k, built.lr);
  const { rows, standardError, batches, batchSize } = await runNoiseScale(built, { backend });
  if (rows === null) return null;
  return {
    value: { rows, standardError },
    source: `measured: ${batches} batches of ${batchSize} after ${steps} steps`,
  };
}

function torchOrWhy(options: Options): TorchPython | SteepestError {
  const named = options["python"] as string | undefined;
  try {
    return findTorchPython(named);
  } catch (error) {
    // a Python that was asked for must be right; otherwise its absence is a reason among others
    if (!(error instanceof SteepestError) || named !== undefined) throw error;
    return error;
  }
}

function readProcesses(text: unknown): number[] {
  const counts = String(text).split(",").map(Number);
  const wrong = counts.findIndex((p) => !(Number.isInteger(p) && p >= 1));
  if (wrong >= 0)
    throw usage(
      `--processes has "${String(text).split(",")[wrong]}"`,
      "give whole numbers: --processes 1,2,8,64",
    );
  return [...new Set(counts)].sort((a, b) => a - b);
}

function readMode(text: unknown): BatchMode {
  if (text === "grow" || text === "keep") return text;
  throw usage(
    `--batch is ${String(text)}`,
    "give grow (each process keeps the run's batch) or keep (they share it)",
  );
}

function readDevice({ gpu, gpuFlops, precision }: Flags): ComputeChoice["device"] {
  const device = devices.find((d) => d.name === gpu);
  if (device === undefined) return null;
  if (gpuFlops !== undefined) throw usage("both --gpu and --gpu-flops are given", "give one of them");
  if (device.peak[precision] === null)
    throw usage(`${device.name} has no ${precision}`, "give --precision half or float32");
  return { device, precision };
}

function readNetwork(flags: Flags, on: ComputeChoice["device"]): Sourced<Network> | null {
  const { bandwidth = null, latency = null, perMachine, machineLatency } = flags;
  const machineBandwidth = flags.machineBandwidth ?? on?.device.link ?? null;
  if (bandwidth === null && latency === null) {
    if (perMachine === undefined) return null;
    throw usage("--per-machine is given without the network", "give --bandwidth and --latency, too");
  }
  if (bandwidth === null || latency === null)
    throw usage(
      "only one of --bandwidth and --latency is given",
      "give both, or neither to have them measured",
    );
  if (perMachine === undefined) return { value: { bandwidth, latency }, source: "given" };
  if (machineBandwidth === null)
    throw usage(
      "the link between processes of one machine is not known",
      "give --machine-bandwidth, such as 20e9 for a PCIe bus of its fourth generation",
    );
  const machine = { processes: perMachine, latency: machineLatency, bandwidth: machineBandwidth };
  return { value: { bandwidth, latency, machine }, source: "given" };
}

const usage = (what: string, help: string): SteepestError => new SteepestError("usage", what, { help });
