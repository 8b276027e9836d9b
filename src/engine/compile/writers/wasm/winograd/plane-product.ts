/** Products of planes by a register tile: both sides are read in place. */
import type { FunctionWriter, Local } from "../assembler/assembler.ts";
import { accumulate, type Kind, locals, zero } from "../gemm/tile.ts";
import { repeat } from "./repeat.ts";

/** Terms that are added up in one go: sums of sums are as exact as those of products without transforms. */
const RUN = 64;
/** The register tile: rows, and vectors of columns. */
const ROWS = 4;
const VECTORS = 3;

/** C = or += A·B: m×k by k×(4·vectors), in place; strides in bytes. */
export interface PlaneProduct {
  readonly a: Local;
  readonly b: Local;
  readonly c: Local;
  readonly aRow: number;
  readonly aColumn: number;
  readonly bRow: number;
  readonly cRow: number;
  readonly m: number;
  readonly vectors: number;
  readonly k: number;
  readonly add: boolean;
}

export function planeProduct(f: FunctionWriter, kind: Kind, p: PlaneProduct): void {
  const groups = Math.ceil(p.vectors / VECTORS);
  const [a, c] = locals(f, "i32", 2) as [Local, Local];
  for (let t = 0; t < p.k; t += RUN) {
    for (let g = 0, first = 0; g < groups; g++) {
      const vectors = Math.ceil((p.vectors - first) / (groups - g));
      const terms = { from: t, count: Math.min(RUN, p.k - t), add: p.add || t > 0 };
      const block = (rows: number): void => tile(f, kind, p, { a, c, rows, first, vectors, ...terms });
      f.get(p.a).set(a).get(p.c).set(c);
      const whole = Math.floor(p.m / ROWS);
      if (whole > 0) repeat(f, whole, [[a, ROWS * p.aRow], [c, ROWS * p.cRow]], () => block(ROWS)); // biome-ignore format: one call
      if (p.m % ROWS !== 0) block(p.m % ROWS);
      first += vectors;
    }
  }
  f.release("i32", a, c);
}

function tile(
  f: FunctionWriter,
  kind: Kind,
  p: PlaneProduct,
  w: {
    a: Local;
    c: Local;
    rows: number;
    first: number;
    vectors: number;
    from: number;
    count: number;
    add: boolean;
  },
): void {
  const sums = Array.from({ length: w.rows }, () => locals(f, "v128", w.vectors));
  const right = locals(f, "v128", w.vectors);
  const left = f.local("v128");
  const [a, b] = locals(f, "i32", 2) as [Local, Local];
  zero(f, sums.flat());
  f.get(w.a)
    .i32(w.from * p.aColumn)
    .op("i32.add")
    .set(a);
  f.get(p.b)
    .i32(w.from * p.bRow + w.first * 16)
    .op("i32.add")
    .set(b);
  const unroll = [4, 2, 1].find((u) => w.count % u === 0)!;
  repeat(f, w.count / unroll, [[a, unroll * p.aColumn], [b, unroll * p.bRow]], () => {
    for (let u = 0; u < unroll; u++) {
      right.forEach((r, v) => void f.get(b).memory("v128.load", u * p.bRow + v * 16).set(r));
      sums.forEach((row, i) => {
        f.get(a).memory("v128.load32_splat", u * p.aColumn + i * p.aRow).set(left);
        row.forEach((s, v) => void accumulate(f, kind, s, () => f.get(left), () => f.get(right[v]!)));
      });
    }
  }); // biome-ignore format: one loop
  sums.forEach((row, i) => {
    row.forEach((s, v) => {
      const at = i * p.cRow + (w.first + v) * 16;
      f.get(w.c);
      if (w.add) f.get(w.c).memory("v128.load", at).get(s).op("f32x4.add");
      else f.get(s);
      f.memory("v128.store", at);
    });
  });
  f.release("v128", ...sums.flat(), ...right, left).release("i32", a, b);
}
