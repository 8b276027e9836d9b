/** A finer grid between few samples, so that level lines bend as the loss does. */
import type { SurfaceGrid } from "steepest/surface";

/** Catmull-Rom's cubic through four samples at −1, 0, 1, 2; a straight line where an outer one is missing. */
function between(p: readonly [number, number, number, number], t: number): number {
  const [a, b, c, d] = p;
  const before = Number.isFinite(a) ? a : 2 * b - c;
  const after = Number.isFinite(d) ? d : 2 * c - b;
  return (
    b + 0.5 * t * (c - before + t * (2 * before - 5 * b + 4 * c - after + t * (3 * (b - c) + after - before)))
  );
}

function along(values: ArrayLike<number>, factor: number): Float64Array {
  const n = values.length;
  const at = (i: number): number => (i < 0 || i >= n ? Number.NaN : values[i]!);
  return Float64Array.from({ length: (n - 1) * factor + 1 }, (_, k) => {
    const i = Math.min(n - 2, Math.floor(k / factor));
    return between([at(i - 1), at(i), at(i + 1), at(i + 2)], k / factor - i);
  });
}

/** `factor` places for each step of the grid along both axes; the samples stay as they are. */
export function smooth({ x, y, columns, rows, values }: SurfaceGrid, factor: number): SurfaceGrid {
  const wide = (columns - 1) * factor + 1;
  const high = (rows - 1) * factor + 1;
  const lines = Array.from({ length: rows }, (_, r) =>
    along(values.subarray(r * columns, (r + 1) * columns), factor),
  );
  const out = new Float64Array(wide * high);
  for (let c = 0; c < wide; c++) {
    along(
      lines.map((line) => line[c]!),
      factor,
    ).forEach((v, r) => {
      out[r * wide + c] = v;
    });
  }
  return { x, y, columns: wide, rows: high, values: out };
}
