/**
 * Compiles a program to one WebAssembly module over memory planned in advance. With a BLAS library (Node), large
 * products are handed to it, on the same memory.
 */
import {
  type Backend,
  type BackendOptions,
  type Executable,
  orOutOfMemory,
  outOfMemory,
  type ProgramSpec,
  viewIn,
} from "../backend.ts";
import type { Buffer, Lowered } from "../compile/kernels.ts";
import { lower } from "../compile/lower.ts";
import type { Product } from "../compile/product.ts";
import { chooseTile, detectFma, type Tile, tiles } from "../compile/writers/wasm/gemm/index.ts";
import { buildModule, hostFunctions, type WinogradWriter } from "../compile/writers/wasm/module.ts";
import { type TypedArray, typedView } from "../graph/dtype.ts";
import type { WindowProducts } from "../graph/primitives.ts";
import { erf } from "../rules/scalar.ts";
import { bindMatrix, compiledMultiply } from "./matrix-kernels.ts";

/** A product library that works on a program's memory. */
export interface ProductLibrary {
  readonly name: string;
  /** Is a product of this size faster there, the cost of the call included? */
  readonly worth: (p: Product) => boolean;
  /** A call that multiplies at fixed places of this memory. */
  readonly bind: (memory: ArrayBuffer, p: Product) => () => void;
}

/** What the windows of a convolution bring along for this backend. */
export interface WasmProducts extends WindowProducts {
  /** The program with faster kernels in place of some products. */
  readonly kernels: (lowered: Lowered) => Lowered;
  readonly writer: WinogradWriter;
}

const wasmProducts = (products: WindowProducts | undefined): WasmProducts | null =>
  products !== undefined && "writer" in products ? (products as WasmProducts) : null;

/** What 32-bit WebAssembly can address: 65,536 pages of 64 KiB. */
const LIMIT = 2 ** 32;
/** Products below this many operations are over before the best tile would be known. */
const TUNING_PAYS = 2e7;

const hostMath: Readonly<Record<string, (a: number, b: number) => number>> = {
  ...pickMath(),
  erf: (a) => erf(a),
};
function pickMath(): Record<string, (a: number, b: number) => number> {
  return Object.fromEntries(hostFunctions.filter((n) => n !== "erf").map((n) => [n, Math[n as "pow"]]));
}

/**
 * A WebAssembly backend; `library` multiplies those matrices for which it says that calling it pays.
 * Compiling throws `memory` where the program does not fit.
 */
export function wasmBackend({ library = null }: { library?: ProductLibrary | null } = {}): Backend {
  const backend: Backend = {
    name: library === null ? "wasm" : `wasm + ${library.name}`,
    compile: (spec: ProgramSpec, { maxBytes = LIMIT }: BackendOptions = {}): Executable => {
      const fma = detectFma();
      const plain = lower(spec);
      const fast = library === null ? wasmProducts(plain.products) : null;
      const lowered = fast === null ? plain : fast.kernels(plain);
      const built = buildModule(lowered, {
        fma,
        tile: (dtype, flops): Tile => (flops < TUNING_PAYS ? tiles[0]! : chooseTile(dtype)),
        external: (p) => library?.worth(p) ?? false,
        winograd: fast?.writer ?? null,
      });
      if (built.plan.total > Math.min(maxBytes, LIMIT))
        throw outOfMemory(built.plan.total, Math.min(maxBytes, LIMIT));
      const memory = orOutOfMemory(
        built.plan.total,
        () => new WebAssembly.Memory({ initial: built.pages, maximum: built.pages }),
      );
      for (const [buffer, at] of built.plan.address) {
        if (buffer.data !== undefined)
          typedView(memory.buffer, at, buffer.dtype, buffer.count).set(buffer.data);
      }
      const blas = Object.fromEntries(
        built.calls.map((p, i) => [String(i), library!.bind(memory.buffer, p)]),
      );
      const viewOf = (b: Buffer): TypedArray =>
        typedView(memory.buffer, built.plan.address.get(b)!, b.dtype, b.count);
      const multiply = compiledMultiply(backend.compile);
      const matrix = Object.fromEntries(
        built.matrices.map((kernel, i) => [String(i), bindMatrix(kernel, viewOf, multiply)]),
      );
      const instance = new WebAssembly.Instance(new WebAssembly.Module(built.bytes), {
        env: { memory },
        math: hostMath,
        blas,
        matrix,
      });
      const views = new Map<string, TypedArray>();
      for (const [name, buffer] of lowered.named) views.set(name, viewOf(buffer));
      return {
        view: viewIn(views),
        run: instance.exports["run"] as () => void,
        bytes: built.plan.total,
        notes: { ...built.notes, backend: "wasm", fma: fma ? "yes" : "no", moduleBytes: built.bytes.length },
      };
    },
  };
  return backend;
}

/** The WebAssembly backend without a library: in every browser and in Node. */
export const wasm: Backend = wasmBackend();
