import { assemble } from "../assembler/assembler.ts";
import { microKernel } from "./micro-kernel.ts";
import { detectFma } from "./relaxed-simd.ts";
import { elements, type FloatType, type Tile, tiles } from "./tile.ts";

const chosen = new Map<FloatType, Tile>();
/** Milliseconds in all, most of which pass until the engine has optimised the kernels. */
const BUDGET = 12;
const K = 256;
const CALLS = 16;
/** A tile must take this part of the first one's time to be preferred: a smaller gain is noise. */
const CLEARLY = 0.93;
/** Unoptimised code is at least this much slower; while a kernel hasn't sped up by it, its time says nothing. */
const OPTIMISED = 1.5;

/**
 * The tile whose kernel multiplies fastest here and now, measured once a process (at most some 15 ms). The first tile if
 * none is clearly faster or the engine didn't optimise all of them in time.
 */
export function chooseTile(dtype: FloatType): Tile {
  let tile = chosen.get(dtype);
  if (tile === undefined) chosen.set(dtype, (tile = measure(dtype)));
  return tile;
}

function measure(dtype: FloatType): Tile {
  const started = performance.now();
  const kind = { element: elements[dtype], fma: detectFma() };
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const module = assemble({
    imports: [],
    functions: tiles.map((t, i) => ({ writer: microKernel(kind, t), name: String(i) })),
    memory: { min: 1, max: 1, shared: false },
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } });
  // Panels of zeros: A from 0, B from 16 KiB (both at most 16 KiB), C from 48 KiB with rows of 128 bytes.
  const runs = tiles.map((t, i) => {
    const kernel = exports[i] as (...parameters: number[]) => void;
    const work = t.rows * t.vectors;
    return { kernel, work, first: Number.POSITIVE_INFINITY, best: Number.POSITIVE_INFINITY };
  });
  do {
    for (const run of runs) {
      const from = performance.now();
      for (let call = 0; call < CALLS; call++) run.kernel(K, 0, 16384, 49152, 128, 0);
      const time = (performance.now() - from) / run.work;
      if (run.first === Number.POSITIVE_INFINITY) run.first = time;
      run.best = Math.min(run.best, time);
    }
  } while (performance.now() - started < BUDGET);
  if (runs.some((r) => r.first < OPTIMISED * r.best)) return tiles[0]!;
  const fastest = runs.reduce((a, b) => (b.best < a.best ? b : a));
  return tiles[fastest.best < CLEARLY * runs[0]!.best ? runs.indexOf(fastest) : 0]!;
}
