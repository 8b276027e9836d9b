/** One program on a device: its memory, what a run submits, and how results come back. */
import { SteepestError } from "../../run/errors.ts";
import { type DeviceMemory, type Executable, viewIn } from "../backend.ts";
import type { GpuProgram } from "../compile/writers/wgsl/program.ts";
import type { TypedArray } from "../graph/dtype.ts";
import type { Device } from "./webgpu-device.ts";
import { usage } from "./webgpu-flags.ts";
import { hostCopy, type Region, type Sides } from "./webgpu-host-copy.ts";
import { readBack } from "./webgpu-read-back.ts";
import { type StepWriter, stepsOf } from "./webgpu-steps.ts";

/** Runs that may wait for their results to be taken: each keeps its outputs. */
const MAX_WAITING = 4096;

export function deviceProgram(device: Device, program: GpuProgram, sides: Sides): Executable {
  const { gpu } = device;
  const { checked, settled, refuseIfLost } = watching(device);
  const copy = hostCopy(program, sides);
  const memory = checked(() => memoryOf(gpu, program));
  const steps = checked(() => stepsOf(gpu, memory, program));
  const back = readBack(gpu, memory, copy.outputs);
  const write = ({ from, bytes }: Region, source: ArrayBuffer, start: number): void => {
    if (bytes > 0) gpu.queue.writeBuffer(memory, from, source, start, bytes);
  };
  const submit = (writeStep: StepWriter): void => {
    const encoder = gpu.createCommandEncoder();
    writeStep(encoder);
    back.take(encoder);
    gpu.queue.submit([encoder.finish()]);
  };
  // runs that come before the pipelines are there wait with their inputs
  let step: StepWriter | null = null;
  const early: ArrayBuffer[] = [];
  const ready = steps.ready.then((writeStep) => {
    for (const given of early.splice(0)) {
      write(copy.inputs, given, 0);
      checked(() => submit(writeStep));
    }
    step = writeStep;
  });
  ready.catch(() => undefined); // told where results are waited for

  const waiting: { [name: string]: TypedArray }[] = [];
  let sent = false;
  const send = (): void => {
    copy.beforeSending();
    write(copy.state, copy.bytes, copy.state.from);
    sent = true;
  };
  const run = (): void => {
    refuseIfLost();
    if (waiting.length === MAX_WAITING)
      throw new Error(`internal: nobody has taken the results of ${MAX_WAITING} runs`);
    if (!sent) send();
    waiting.push(copy.compute());
    copy.beforeSending();
    const { from, bytes } = copy.inputs;
    if (step === null) early.push(copy.bytes.slice(from, from + bytes));
    else {
      write(copy.inputs, copy.bytes, from);
      submit(step);
    }
  };
  const memorySide: DeviceMemory = {
    send,
    results: () =>
      settled(ready, async () => {
        const ofHost = waiting.splice(0);
        const all = (await back.read()).map((bytes, i) => copy.resultsOf(bytes, ofHost[i]!));
        const last = all.at(-1);
        if (last !== undefined) copy.takeOutputs(last);
        return all;
      }),
    fetch: () =>
      settled(ready, async () => {
        if (copy.state.bytes > 0) copy.takeState(await back.bytes(copy.state));
        else await gpu.queue.onSubmittedWorkDone();
      }),
    release: () => {
      back.release();
      steps.release();
      memory.destroy();
    },
  };
  return {
    view: viewIn(copy.views),
    run,
    bytes: program.plan.total,
    notes: { ...program.notes, backend: "webgpu", adapter: device.adapter },
    device: memorySide,
  };
}

/** The program's one buffer, with its constants in place; WebGPU has filled the rest with zeros. */
function memoryOf(gpu: GPUDevice, { plan }: GpuProgram): GPUBuffer {
  const memory = gpu.createBuffer({
    size: Math.max(plan.total, 256),
    usage: usage.storage | usage.copyTarget | usage.copySource,
  });
  for (const [{ data }, at] of plan.address) {
    if (data === undefined || data.length === 0) continue;
    gpu.queue.writeBuffer(memory, at, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  }
  return memory;
}

interface Watching {
  /** What the device says against the work is thrown by the next `settled`. */
  readonly checked: <T>(work: () => T) => T;
  /** Waits for the pipelines, then for the work. */
  readonly settled: <T>(ready: Promise<void>, work: () => Promise<T>) => Promise<T>;
  readonly refuseIfLost: () => void;
}

/** Milliseconds in which the news of a lost device comes after what it broke. */
const NEWS = 100;

function watching(device: Device): Watching {
  const { gpu } = device;
  const checks: Promise<GPUError | null>[] = [];
  const refuseIfLost = (): void => {
    const reason = device.lost();
    if (reason !== null) throw deviceLost(reason);
  };
  return {
    refuseIfLost,
    checked: (work) => {
      gpu.pushErrorScope("out-of-memory");
      gpu.pushErrorScope("validation");
      const made = work();
      checks.push(gpu.popErrorScope(), gpu.popErrorScope());
      return made;
    },
    settled: async (ready, work) => {
      refuseIfLost();
      try {
        await ready;
        for (const found of await Promise.all(checks.splice(0)))
          if (found !== null) throw refused(found.message);
        const result = await work();
        const error = device.error();
        if (error !== null) throw refused(error);
        return result;
      } catch (error) {
        const late = new Promise<null>((done) => setTimeout(done, NEWS, null));
        const gone = await Promise.race([gpu.lost, late]);
        if (gone !== null) throw deviceLost(gone.message || gone.reason);
        if (error instanceof SteepestError) throw error;
        throw refused(error instanceof Error ? error.message : String(error));
      }
    },
  };
}

const deviceLost = (reason: string): SteepestError =>
  new SteepestError("device-lost", `the GPU is gone: ${reason}`, {
    help: "go on from the last state that was fetched, on a new backend",
  });

const refused = (message: string): SteepestError =>
  new SteepestError("backend", `the GPU refuses this program: ${message.split("\n")[0]}`, {
    help: "use the wasm backend",
  });
