/** The backends that compile, as far as this machine has them. With CI=true a missing one is a failure. */
import type { Backend } from "../../src/engine/backend.ts";
import { blasProducts } from "../../src/engine/backends/blas.ts";
import { findBlas } from "../../src/engine/backends/blas-library.ts";
import { findCompiler } from "../../src/engine/backends/node-compiler.ts";
import { nativeBackend } from "../../src/engine/backends/node-native.ts";
import { wasm, wasmBackend } from "../../src/engine/backends/wasm.ts";

function here(what: string, found: boolean, reason: string): boolean {
  if (!found && process.env["CI"] === "true") throw new Error(`no ${what} to test: ${reason}`);
  if (!found) console.warn(`skipping what needs a ${what}: ${reason}`);
  return found;
}

const compiler = findCompiler();
export const hasCompiler: boolean = here("C compiler", compiler.compiler !== null, compiler.reason);

/** The code writers: each turns the same kernels into code of its own. */
export const writers: Backend[] = [wasm, ...(hasCompiler ? [nativeBackend()] : [])];

/** WebAssembly with every product in the library. */
export function withBlas(): Backend[] {
  const { library, reason } = findBlas();
  if (!here("BLAS library", library !== null, reason)) return [];
  return [wasmBackend({ library: { ...blasProducts(), worth: (p) => p.m * p.n * p.k > 0 } })];
}
