/** What may make a room's steps: what stands in the list, and the library's name of it. */
export const computerLabels = {
  auto: "whatever is faster",
  wasm: "the processor (WebAssembly)",
  webgpu: "the GPU (WebGPU)",
} as const;

export type Computer = keyof typeof computerLabels;
export const computers = Object.keys(computerLabels) as Computer[];
