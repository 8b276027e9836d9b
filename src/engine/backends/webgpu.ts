/**
 * Runs programs on a GPU through WebGPU, in pages and wherever `navigator.gpu` is: one buffer for a program's whole memory,
 * one submission a step. Import it lazily.
 */
import { SteepestError } from "../../run/errors.ts";
import type { Backend, BackendOptions, Executable, ProgramSpec } from "../backend.ts";
import { lower } from "../compile/lower.ts";
import { gatherProducts } from "../compile/passes/gather-products.ts";
import { splitHost } from "../compile/passes/host-split.ts";
import { splitLoops } from "../compile/passes/split-loops.ts";
import type { Traits } from "../compile/writers/wgsl/kernel-text.ts";
import { writeProgram } from "../compile/writers/wgsl/program.ts";
import { wasm } from "./wasm.ts";
import { type Device, openDevice } from "./webgpu-device.ts";
import { deviceProgram } from "./webgpu-program.ts";

export interface WebGpuOptions {
  /** What `findAdapter` has found, where it was asked already. */
  readonly adapter?: GPUAdapter;
  /** Whether invocations may wait for each other. Default: unless the adapter computes on the processor. */
  readonly barriers?: Traits["barriers"];
  /** Whether kernels may exchange numbers within quads. Default: where the adapter has subgroups. */
  readonly quads?: boolean;
}

/** A backend on a device of its own. */
export interface WebGpuBackend extends Backend {
  readonly adapter: string;
  /** Gives the device back, with all memory of its programs. */
  readonly close: () => void;
}

/**
 * The WebGPU backend. Programs whose caller can't wait for results (see `BackendOptions.late`) run on WebAssembly, for a
 * device answers later. Throws `backend` where there is no adapter.
 */
export async function webgpuBackend({
  adapter,
  barriers,
  quads,
}: WebGpuOptions = {}): Promise<WebGpuBackend> {
  const device = await openDevice(adapter);
  const traits: Traits = {
    barriers: barriers ?? (device.software ? "slow" : "cheap"),
    quads: quads ?? device.gpu.features.has("subgroups"),
  };
  return {
    name: "webgpu",
    adapter: device.adapter,
    compile: (spec, options = {}) =>
      options.late === true ? compileLate(device, traits, spec, options) : wasm.compile(spec, options),
    close: () => device.gpu.destroy(),
  };
}

function compileLate(
  device: Device,
  traits: Traits,
  spec: ProgramSpec,
  { maxBytes = Number.POSITIVE_INFINITY }: BackendOptions,
): Executable {
  const { host, device: rest, rounded } = splitHost(spec);
  const program = writeProgram(gatherProducts(splitLoops(lower(rest))), traits);
  const needed = program.plan.total;
  if (needed > Math.min(device.limit, maxBytes)) throw tooLarge(needed, Math.min(device.limit, maxBytes));
  return deviceProgram(device, program, { host: wasm.compile(host), spec: { host, device: rest }, rounded });
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

const tooLarge = (needed: number, limit: number): SteepestError =>
  new SteepestError(
    "memory",
    `this program needs ${mebibytes(needed)} of tensor memory, but one buffer of this GPU holds ${mebibytes(limit)}`,
    { help: "use a smaller batch or model, or the wasm backend", exitCode: 2 },
  );
