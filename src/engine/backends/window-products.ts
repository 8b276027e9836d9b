/** What the windows of a convolution bring along: products after Winograd in WebAssembly. */
import { winogradAlone } from "../compile/passes/winograd.ts";
import { winogradWriter } from "../compile/writers/wasm/winograd/index.ts";
import type { WasmProducts } from "./wasm.ts";

/** For `windows` whose products are to be computed after Winograd where that is faster. */
export const windowProducts: WasmProducts = {
  name: "winograd",
  kernels: (lowered) => winogradAlone(lowered, 4),
  writer: winogradWriter,
};
