/** Assembles a lowered program into one WebAssembly module whose export `run` does a whole step. */

import type { Kernel, Lowered, MatmulKernel, MatrixKernel, WinogradKernel } from "../../kernels.ts";
import { type AddressOf, type MemoryPlan, planMemory } from "../../passes/memory.ts";
import { eachProduct, type Product, productOf } from "../../product.ts";
import { assemble, FunctionWriter, type ImportedFunction } from "./assembler/assembler.ts";
import { emitCalls, emitCopy, emitFill, emitMatmul, emitRows } from "./emit-kernel.ts";
import { emitLoop } from "./emit-loop.ts";
import { type FloatType, gemmFunctions, scratchBytes, type Tile } from "./gemm/index.ts";
import type { MathContext } from "./math/index.ts";

/** Functions of the host's Math, for what is not worth vectorising. */
type HostFunction = Parameters<MathContext["callHost"]>[0];
export const hostFunctions: readonly HostFunction[] = [
  "sin",
  "cos",
  "exp",
  "log",
  "log1p",
  "expm1",
  "tanh",
  "pow",
  "erf",
];

export interface ModuleOptions {
  readonly fma: boolean;
  /** Register tile of the product kernels for each element type; measured only when products are big enough. */
  readonly tile: (dtype: "float32" | "float64", flops: number) => Tile;
  /** Products to hand to a library instead of the module's own kernels. */
  readonly external: (p: Product) => boolean;
  /** Writes the kernels after Winograd, where there are any. */
  readonly winograd: WinogradWriter | null;
}

/** A writer of the kernels after Winograd. */
export interface WinogradWriter {
  /** Bytes of scratch memory that a kernel uses. */
  readonly scratch: (k: WinogradKernel) => number;
  readonly emit: (k: WinogradKernel, context: WinogradContext) => FunctionWriter;
}

/** Where a kernel's memory lies. */
export interface WinogradContext {
  readonly addressOf: AddressOf;
  readonly fma: boolean;
  readonly scratch: number;
}

export interface CompiledModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly plan: MemoryPlan;
  /** Imported as blas.0, blas.1, …: what each call multiplies. */
  readonly calls: readonly Product[];
  /** Imported as matrix.0, matrix.1, …: what the host computes on the module's memory. */
  readonly matrices: readonly MatrixKernel[];
  readonly pages: number;
  readonly notes: Readonly<Record<string, string | number>>;
}

const PAGE = 65536;
/** Types that have product functions. */
const FLOAT_TYPES: readonly FloatType[] = ["float32", "float64"];

export function buildModule({ kernels, named }: Lowered, options: ModuleOptions): CompiledModule {
  const matmuls = kernels.filter((k) => k.kind === "matmul");
  // sizes are known before addresses: the scratch region has to be planned first
  const sizes = matmuls.map((k) => productOf(k, () => 0));
  const tiles = tilesFor(sizes, options);
  const convolved = kernels.map((k) => (k.kind === "winograd" ? options.winograd!.scratch(k) : 0));
  const scratch = Math.max(scratchFor(sizes, tiles, options), ...convolved);
  const plan = planMemory(kernels, named.values(), scratch);
  const addressOf: AddressOf = (b) => {
    const address = plan.address.get(b);
    if (address === undefined) throw new Error("internal: a buffer without an address");
    return address;
  };
  const products = new Map(matmuls.map((k) => [k, productOf(k, addressOf)]));
  const calls = [...products.values()].filter(options.external).flatMap((p) => [...eachProduct(p)]);

  const matrices = kernels.filter((k) => k.kind === "matrix");
  const imports = importsFor(calls.length, matrices.length);
  const gemm = gemmWriters(tiles, options.fma, imports.length);
  const steps = kernelWriters(kernels, {
    addressOf,
    options,
    products,
    entries: gemm.entries,
    scratch: plan.scratch,
    firstMatrix: imports.length - matrices.length,
  });
  const run = new FunctionWriter();
  steps.forEach((_, i) => {
    run.call(imports.length + gemm.writers.length + i);
  });

  const pages = Math.max(1, Math.ceil(plan.total / PAGE));
  const count = (kind: Kernel["kind"]): number => kernels.filter((k) => k.kind === kind).length;
  return {
    bytes: assemble({
      imports,
      functions: [...[...gemm.writers, ...steps].map((writer) => ({ writer })), { writer: run, name: "run" }],
      memory: { min: Math.min(pages, PAGE), max: Math.min(pages, PAGE), shared: false },
    }),
    plan,
    calls,
    matrices,
    pages,
    notes: {
      kernels: kernels.length,
      loops: count("loop"),
      products: matmuls.length,
      libraryCalls: calls.length,
    },
  };
}

type Tiles = ReadonlyMap<FloatType, Tile>;

/** A tile for each type of which the module multiplies something itself. */
function tilesFor(sizes: readonly Product[], { external, tile }: ModuleOptions): Tiles {
  const flops = (dtype: FloatType): number =>
    sizes
      .filter((p) => p.dtype === dtype)
      .reduce((t, p) => t + 2 * p.m * p.n * p.k * p.lead.reduce((c, l) => c * l.size, 1), 0);
  const used = FLOAT_TYPES.filter((d) => sizes.some((p) => p.dtype === d && !external(p)));
  return new Map(used.map((d) => [d, tile(d, flops(d))]));
}

const scratchFor = (sizes: readonly Product[], tiles: Tiles, { external }: ModuleOptions): number =>
  Math.max(
    0,
    ...sizes
      .filter((p) => !external(p))
      .map((p) => scratchBytes(p.dtype, tiles.get(p.dtype)!, p.m, p.n, p.k)),
  );

const importsFor = (libraryCalls: number, matrices: number): ImportedFunction[] => [
  ...hostFunctions.map(
    (name): ImportedFunction => ({
      module: "math",
      name,
      params: name === "pow" ? ["f64", "f64"] : ["f64"],
      results: ["f64"],
    }),
  ),
  ...numbered("blas", libraryCalls),
  ...numbered("matrix", matrices),
];

const numbered = (module: string, count: number): ImportedFunction[] =>
  Array.from({ length: count }, (_, i) => ({ module, name: String(i), params: [], results: [] }));

/** The product functions of each type; `entries` are the indices of those that kernels call. */
function gemmWriters(
  tiles: Tiles,
  fma: boolean,
  firstIndex: number,
): { writers: FunctionWriter[]; entries: Map<FloatType, number> } {
  const writers: FunctionWriter[] = [];
  const entries = new Map<FloatType, number>();
  for (const [dtype, tile] of tiles) {
    const gemm = gemmFunctions({ dtype, fma, tile, firstIndex: firstIndex + writers.length });
    writers.push(...gemm.writers);
    entries.set(dtype, gemm.entry);
  }
  return { writers, entries };
}

interface KernelContext {
  readonly addressOf: AddressOf;
  readonly options: ModuleOptions;
  readonly products: ReadonlyMap<MatmulKernel, Product>;
  readonly entries: ReadonlyMap<FloatType, number>;
  readonly scratch: number;
  /** Index of the first function that computes a matrix on the host. */
  readonly firstMatrix: number;
}

/** One function a kernel. */
function kernelWriters(
  kernels: readonly Kernel[],
  { addressOf, options, products, entries, scratch, firstMatrix }: KernelContext,
): FunctionWriter[] {
  const callHost =
    (f: FunctionWriter): MathContext["callHost"] =>
    (name) =>
      void f.call(hostFunctions.indexOf(name));
  let nextCall = hostFunctions.length;
  let nextMatrix = firstMatrix;
  const multiply = (kernel: MatmulKernel): FunctionWriter => {
    const p = products.get(kernel)!;
    if (!options.external(p)) return emitMatmul(p, { entry: entries.get(p.dtype)!, scratch });
    const count = p.lead.reduce((t, l) => t * l.size, 1);
    nextCall += count;
    return emitCalls(Array.from({ length: count }, (_, i) => nextCall - count + i));
  };
  return kernels.map((kernel) => {
    switch (kernel.kind) {
      case "loop":
        return emitLoop(kernel, { addressOf, fma: options.fma, callHost });
      case "matmul":
        return multiply(kernel);
      case "fill":
        return emitFill(kernel, addressOf);
      case "copy":
        return emitCopy(kernel, addressOf);
      case "winograd":
        return options.winograd!.emit(kernel, { addressOf, fma: options.fma, scratch });
      case "matrix":
        return emitCalls([nextMatrix++]);
      case "gather":
      case "scatter":
        return emitRows(kernel, addressOf);
    }
  });
}
