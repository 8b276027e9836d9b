/** The engine: expressions, their derivatives, and backends that compile them. Runs in Node and in the browser. */

export type { Backend, BackendOptions, Executable, ProgramSpec } from "./backend.ts";
export { interpret, reference } from "./backends/reference.ts";
export { type ProductLibrary, wasm, wasmBackend } from "./backends/wasm.ts";
export * from "./graph/index.ts";
export {
  type BackendName,
  type BackendReport,
  backendNames,
  chooseBackend,
  describeBackends,
} from "./registry.ts";
export { grad, gradients, hessianVectorProduct, type Tensors, valueAndGrad } from "./rules/differentiate.ts";
