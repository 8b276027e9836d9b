/** Assembles a lowered program into one WebAssembly module whose export `run` does a whole step. */

import type { Buffer, Kernel, MatmulKernel } from "../../kernels.ts";
import type { Lowered } from "../../lower.ts";
import { type MemoryPlan, planMemory } from "../../passes/memory.ts";
import { assemble, FunctionWriter, type ImportedFunction } from "./assembler/assembler.ts";
import {
  eachProduct,
  emitCalls,
  emitCopy,
  emitFill,
  emitMatmul,
  emitRows,
  type Product,
  productOf,
} from "./emit-kernel.ts";
import { emitLoop } from "./emit-loop.ts";
import { gemmFunctions, scratchBytes, type Tile } from "./gemm/index.ts";
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
}

export interface CompiledModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly plan: MemoryPlan;
  /** Imported as blas.0, blas.1, …: what each call multiplies. */
  readonly calls: readonly Product[];
  readonly pages: number;
  readonly notes: Readonly<Record<string, string | number>>;
}

const PAGE = 65536;
const GEMM_DTYPES = ["float32", "float64"] as const;

export function buildModule({ kernels, named }: Lowered, options: ModuleOptions): CompiledModule {
  const products = kernels.filter((k): k is MatmulKernel => k.kind === "matmul");
  // sizes are known before addresses: the scratch region has to be planned first
  const shapes = products.map((k) => productOf(k, () => 0));
  const flops = (dtype: string): number =>
    shapes.reduce(
      (t, p) => t + (p.dtype === dtype ? 2 * p.m * p.n * p.k * p.lead.reduce((c, l) => c * l.size, 1) : 0),
      0,
    );
  const own = shapes.filter((p) => !options.external(p));
  const used = GEMM_DTYPES.filter((d) => own.some((p) => p.dtype === d));
  const tiles = new Map(used.map((d) => [d, options.tile(d, flops(d))]));
  const scratch = Math.max(0, ...own.map((p) => scratchBytes(p.dtype, tiles.get(p.dtype)!, p.m, p.n, p.k)));
  const plan = planMemory(kernels, named.values(), scratch);
  const addressOf = (b: Buffer): number => {
    const address = plan.address.get(b);
    if (address === undefined) throw new Error("internal: a buffer without an address");
    return address;
  };

  const placed = new Map(products.map((k) => [k, productOf(k, addressOf)]));
  const calls = [...placed.values()].filter(options.external).flatMap((p) => [...eachProduct(p)]);
  const imports: ImportedFunction[] = [
    ...hostFunctions.map(
      (name): ImportedFunction => ({
        module: "math",
        name,
        params: name === "pow" ? ["f64", "f64"] : ["f64"],
        results: ["f64"],
      }),
    ),
    ...calls.map((_, i): ImportedFunction => ({ module: "blas", name: String(i), params: [], results: [] })),
  ];

  const functions: { writer: FunctionWriter; name?: string }[] = [];
  const entries = new Map<string, number>();
  for (const dtype of used) {
    const { writers, entry } = gemmFunctions({
      dtype,
      fma: options.fma,
      tile: tiles.get(dtype)!,
      firstIndex: imports.length + functions.length,
    });
    functions.push(...writers.map((writer) => ({ writer })));
    entries.set(dtype, entry);
  }
  const callHost =
    (f: FunctionWriter): MathContext["callHost"] =>
    (name) =>
      void f.call(hostFunctions.indexOf(name));

  let nextCall = hostFunctions.length;
  const write = (kernel: Kernel): FunctionWriter => {
    switch (kernel.kind) {
      case "loop":
        return emitLoop(kernel, { addressOf, fma: options.fma, callHost });
      case "matmul": {
        const p = placed.get(kernel)!;
        if (!options.external(p))
          return emitMatmul(p, { entry: entries.get(p.dtype)!, scratch: plan.scratch });
        const count = p.lead.reduce((t, l) => t * l.size, 1);
        nextCall += count;
        return emitCalls(Array.from({ length: count }, (_, i) => nextCall - count + i));
      }
      case "fill":
        return emitFill(kernel, addressOf);
      case "copy":
        return emitCopy(kernel, addressOf);
      case "gather":
      case "scatter":
        return emitRows(kernel, addressOf);
    }
  };
  const first = imports.length + functions.length;
  const steps = kernels.map(write);
  functions.push(...steps.map((writer) => ({ writer })));
  const run = new FunctionWriter();
  steps.forEach((_, i) => {
    run.call(first + i);
  });
  functions.push({ writer: run, name: "run" });

  const pages = Math.max(1, Math.ceil(plan.total / PAGE));
  const count = (kind: Kernel["kind"]): number => kernels.filter((k) => k.kind === kind).length;
  return {
    bytes: assemble({
      imports,
      functions,
      memory: { min: Math.min(pages, PAGE), max: Math.min(pages, PAGE), shared: false },
    }),
    plan,
    calls,
    pages,
    notes: {
      kernels: kernels.length,
      loops: count("loop"),
      products: products.length,
      libraryCalls: calls.length,
    },
  };
}
