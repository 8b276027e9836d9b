/** What the windows of a convolution bring along: gradients without columns, and products after Winograd in WebAssembly. */

import type { WindowRewrite } from "../compile/kernels.ts";
import { convolutions } from "../compile/passes/convolutions.ts";
import { winogradAlone } from "../compile/passes/winograd.ts";
import { winogradWriter } from "../compile/writers/wasm/winograd/index.ts";
import type { WasmProducts } from "./wasm.ts";

/** For `windows` whose products are to be computed after Winograd where that is faster. */
export const windowProducts: WasmProducts & WindowRewrite = {
  name: "winograd",
  rewrite: convolutions,
  kernels: (lowered) => winogradAlone(lowered, 4),
  writer: winogradWriter,
};
