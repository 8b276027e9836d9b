/** Which of WebAssembly and WebGPU makes a program's runs sooner here, by trying both once. */
import { SteepestError } from "../../run/errors.ts";
import type { Backend, ProgramSpec } from "../backend.ts";
import { wasm } from "./wasm.ts";
import type { webgpuBackend } from "./webgpu.ts";
import { findAdapter } from "./webgpu-device.ts";

/** Milliseconds of runs that a backend is timed over, at least; and runs at most. */
const TIMED = 60;
const MAX_RUNS = 50;
/** A device must be so many times as fast: it has its memory and its start for itself. */
const WORTH = 1.2;
/** Milliseconds of a run on WebAssembly, and of all runs, below which nothing is gained by trying: kernels have to be made and started. */
const SHORT_RUN = 0.2;
const SHORT_WORK = 2000;

/**
 * WebGPU where there is an adapter that takes the program and is faster, else WebAssembly. `runs`: how many there will be,
 * where that is known.
 */
export async function fasterBackend(
  spec: ProgramSpec,
  runs: number = Number.POSITIVE_INFINITY,
): Promise<Backend> {
  let gpu: Awaited<ReturnType<typeof webgpuBackend>> | null = null;
  let why: string;
  try {
    // a page without an adapter loads no writer of its programs
    const adapter = await findAdapter();
    const here = await millisecondsOf(wasm, spec);
    const onWasm = `${shown(here)} ms on WebAssembly`;
    if (here < SHORT_RUN)
      return { ...wasm, why: `a step takes ${onWasm}: less than a GPU needs to begin one` };
    if (here * runs < SHORT_WORK)
      return { ...wasm, why: `a step takes ${onWasm}: all ${runs} take no longer than trying a GPU` };
    gpu = await (await import("./webgpu.ts")).webgpuBackend({ adapter });
    const there = await millisecondsOf(gpu, spec);
    why = `a step takes ${shown(there)} ms on the GPU (${gpu.adapter}), ${onWasm}`;
    if (there * WORTH < here) return { ...gpu, why };
  } catch (error) {
    // no adapter, or one that refuses the program
    if (!(error instanceof SteepestError)) throw error;
    why = error.message;
  }
  gpu?.close();
  return { ...wasm, why };
}

const shown = (milliseconds: number): string => `${Number(milliseconds.toPrecision(2))}`;

/** Milliseconds that a run takes, after a first one. All tensors are zero, which takes as long as any others. */
async function millisecondsOf(backend: Backend, spec: ProgramSpec): Promise<number> {
  const { run, device } = backend.compile(spec, { late: true });
  const made = async (count: number): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < count; i++) run();
    await device?.results();
    return performance.now() - start;
  };
  await made(1);
  let [runs, time] = [0, 0];
  for (let count = 1; time < TIMED && runs < MAX_RUNS; count *= 2) {
    time += await made(count);
    runs += count;
  }
  device?.release();
  return time / runs;
}
