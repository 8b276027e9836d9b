/** A program's pipelines and bind groups, made once, and the commands of its steps. */
import { ENTRY } from "../compile/writers/wgsl/kernel-text.ts";
import { BINDINGS, type GpuProgram, MAX_PLACES } from "../compile/writers/wgsl/program.ts";
import { computeStage, usage } from "./webgpu-flags.ts";

/** Writes the dispatches of a step. */
export type StepWriter = (encoder: GPUCommandEncoder) => void;

export interface Steps {
  /** There once all pipelines are made, which engines do beside each other. */
  readonly ready: Promise<StepWriter>;
  readonly release: () => void;
}

/** Bytes between the places of two calls: what every device allows. */
const STRIDE = 256;

export function stepsOf(gpu: GPUDevice, memory: GPUBuffer, program: GpuProgram): Steps {
  const { pipelines, dispatches } = program;
  const compute = computeStage;
  const layout = gpu.createBindGroupLayout({
    entries: [
      { binding: BINDINGS.memory, visibility: compute, buffer: { type: "storage" } },
      { binding: BINDINGS.places, visibility: compute, buffer: { type: "uniform", hasDynamicOffset: true } },
    ],
  });
  const pipelineLayout = gpu.createPipelineLayout({ bindGroupLayouts: [layout] });
  const made = Promise.all(
    pipelines.map((code) =>
      gpu.createComputePipelineAsync({
        layout: pipelineLayout,
        compute: { module: gpu.createShaderModule({ code }), entryPoint: ENTRY },
      }),
    ),
  );
  const tabled = dispatches.filter((d) => d.places.length > 0);
  const offsets = new Map(tabled.map((d, i) => [d, i * STRIDE]));
  const table = new Uint32Array((Math.max(1, tabled.length) * STRIDE) / 4);
  for (const [d, offset] of offsets) table.set(d.places, offset / 4);
  const places = gpu.createBuffer({ size: table.byteLength, usage: usage.uniform | usage.copyTarget });
  gpu.queue.writeBuffer(places, 0, table);
  const group = gpu.createBindGroup({
    layout,
    entries: [
      { binding: BINDINGS.memory, resource: { buffer: memory } },
      { binding: BINDINGS.places, resource: { buffer: places, size: MAX_PLACES * 4 } },
    ],
  });
  const ready = made.then((pipelineOf): StepWriter => {
    return (encoder) => {
      const pass = encoder.beginComputePass();
      let [used, at] = [-1, -1];
      for (const d of dispatches) {
        if (d.pipeline !== used) pass.setPipeline(pipelineOf[d.pipeline]!);
        used = d.pipeline;
        const offset = offsets.get(d) ?? Math.max(0, at);
        if (offset !== at) pass.setBindGroup(0, group, [offset]);
        at = offset;
        pass.dispatchWorkgroups(d.groups[0], d.groups[1]);
      }
      pass.end();
    };
  });
  return { ready, release: () => places.destroy() };
}
