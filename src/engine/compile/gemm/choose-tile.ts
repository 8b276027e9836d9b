import { scratchBytes } from "./index.ts";
import { productModule } from "./product-module.ts";
import { detectFma } from "./relaxed-simd.ts";
import { elements, type FloatType, type Tile, tiles } from "./tile.ts";

const chosen = new Map<FloatType, Tile>();
/** Milliseconds, most of which pass until the engine has optimised the kernels. */
const BUDGET = 13;
const [m, n, k] = [48, 48, 256];
/** A tile must be this much faster than the first to be preferred: less is noise. */
const CLEARLY = 0.96;

/** The tile that multiplies fastest here and now, measured once a process (about 15 ms). */
export function chooseTile(dtype: FloatType): Tile {
  const known = chosen.get(dtype);
  if (known !== undefined) return known;
  const { bytes } = elements[dtype];
  const scratch = (m * k + k * n + m * n) * bytes;
  const room = Math.max(...tiles.map((t) => scratchBytes(dtype, t, m, n, k)));
  const started = performance.now();
  const { products } = productModule(dtype, tiles, { fma: detectFma(), bytes: scratch + room });
  const best = tiles.map(() => Number.POSITIVE_INFINITY);
  do {
    products.forEach((product, i) => {
      const from = performance.now();
      product(
        0,
        k * bytes,
        bytes,
        m * k * bytes,
        n * bytes,
        bytes,
        (m + n) * k * bytes,
        n * bytes,
        m,
        n,
        k,
        scratch,
      );
      best[i] = Math.min(best[i]!, performance.now() - from);
    });
  } while (performance.now() - started < BUDGET);
  const fastest = best.indexOf(Math.min(...best));
  const tile = tiles[best[fastest]! < CLEARLY * best[0]! ? fastest : 0]!;
  chosen.set(dtype, tile);
  return tile;
}
