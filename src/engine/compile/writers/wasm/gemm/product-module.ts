/** The product functions alone in a module: for tests and benchmarks. */
import { assemble } from "../assembler/assembler.ts";
import { gemmFunctions } from "./index.ts";
import type { FloatType, Tile } from "./tile.ts";

export type ProductFunction = (
  a: number, aRow: number, aCol: number, b: number, bRow: number, bCol: number, c: number, cRow: number,
  m: number, n: number, k: number, scratch: number,
) => void; // biome-ignore format: parameters by matrix

export interface ProductModule {
  readonly memory: WebAssembly.Memory;
  /** One for each tile, in order. */
  readonly products: readonly ProductFunction[];
}

export function productModule(
  dtype: FloatType,
  candidates: readonly Tile[],
  { fma, bytes }: { fma: boolean; bytes: number },
): ProductModule {
  const functions: Parameters<typeof assemble>[0]["functions"][number][] = [];
  candidates.forEach((tile, i) => {
    const { writers, entry } = gemmFunctions({ dtype, fma, tile, firstIndex: functions.length });
    const first = functions.length;
    functions.push(
      ...writers.map((writer, w) => (first + w === entry ? { writer, name: `product${i}` } : { writer })),
    );
  });
  const pages = Math.ceil(bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const module = new WebAssembly.Module(
    assemble({ imports: [], functions, memory: { min: pages, max: pages, shared: false } }),
  );
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, products: candidates.map((_, i) => exports[`product${i}`] as ProductFunction) };
}
