/**
 * Matrix products in C, for one float type: C = A·B of any strides, C's rows contiguous. B is packed in panels as wide as the
 * register tile; A is read in place, one number at a time, for all the vectors of a panel.
 */

import { shuffle } from "./prelude.ts";

interface FloatNames {
  readonly tag: "F" | "D";
  readonly v: string;
  readonly e: string;
  readonly i: string;
  readonly lanes: string;
}
const single: FloatNames = { tag: "F", v: "vf32", e: "f32", i: "vi32", lanes: "LF" };
const double: FloatNames = { tag: "D", v: "vf64", e: "f64", i: "vi64", lanes: "LD" };

/** Rows of the register tiles, widest first; two vectors of columns each. */
export const tileRows = (bytes: number): readonly number[] =>
  bytes === 64 ? [12, 8, 4, 2, 1] : [6, 4, 2, 1];

/** mr rows of C by nv vectors of columns: k steps, whose sum is added to C's content if `add`. */
const tile = (n: FloatNames, mr: number, nv: number): string => `
APART void tile${mr}x${nv}_${n.tag}(const char *a, i64 ra, i64 ca, const char *b, i64 rb, char *c, i64 rc, i64 k, int add) {
  ${n.v} acc[${mr}][${nv}];
  for (int i = 0; i < ${mr}; i++) for (int j = 0; j < ${nv}; j++) acc[i][j] = (${n.v}){};
  for (i64 t = 0; t < k; t++, a += ca, b += rb) {
    ${n.v} w[${nv}];
    for (int j = 0; j < ${nv}; j++) __builtin_memcpy(&w[j], b + j * W, W);
    for (int i = 0; i < ${mr}; i++) {
      ${n.e} x; __builtin_memcpy(&x, a + i * ra, sizeof x);
      for (int j = 0; j < ${nv}; j++) acc[i][j] = fma_${n.tag}(x - (${n.v}){}, w[j], acc[i][j]);
    }
  }
  if (add) for (int i = 0; i < ${mr}; i++) for (int j = 0; j < ${nv}; j++) {
    ${n.v} before; __builtin_memcpy(&before, c + i * rc + j * W, W);
    acc[i][j] += before;
  }
  for (int i = 0; i < ${mr}; i++) for (int j = 0; j < ${nv}; j++) __builtin_memcpy(c + i * rc + j * W, &acc[i][j], W);
}`;

/**
 * A square of numbers, a vector a row, turned in place: halves change places, then halves of halves. Written out, so that all
 * rows stay in registers.
 */
function transpose(n: FloatNames, bytes: number): string {
  const lanes = bytes / (n.tag === "F" ? 4 : 8);
  const index = (half: number, high: boolean): string =>
    Array.from({ length: lanes }, (_, l) =>
      (l & half) === 0 ? (high ? l + half : l) : lanes + (high ? l : l - half),
    ).join(", ");
  const lines: string[] = [];
  for (let half = lanes / 2; half >= 1; half /= 2) {
    lines.push(`const ${n.i} low${half} = {${index(half, false)}}, high${half} = {${index(half, true)}};`);
    for (let i = 0; i < lanes; i++) {
      if ((i & half) !== 0) continue;
      const [x, y] = [`r[${i}]`, `r[${i + half}]`];
      lines.push(
        `{ const ${n.v} x = ${x}, y = ${y}; ${x} = SHUFFLE(x, y, low${half}); ${y} = SHUFFLE(x, y, high${half}); }`,
      );
    }
  }
  return `INLINE void transpose_${n.tag}(${n.v} *r) {
  ${lines.join("\n  ")}
}
`;
}

/** Columns [j, j + width) of rows t…t + k of B, side by side and filled up with zeros to whole vectors. */
const pack = (n: FloatNames, bytes: number): string => `
${transpose(n, bytes)}static void pack_${n.tag}(const char *b, i64 rb, i64 cb, i64 k, i64 width, i64 vectors, char *to) {
  const i64 E = sizeof(${n.e}), row = vectors * W;
  if (cb == E) {
    for (i64 t = 0; t < k; t++) {
      if (width * E < row) __builtin_memset(to + t * row, 0, row);
      __builtin_memcpy(to + t * row, b + t * rb, width * E);
    }
    return;
  }
  for (i64 v = 0; v < vectors; v++) {
    i64 columns = width - v * ${n.lanes}; if (columns > ${n.lanes}) columns = ${n.lanes};
    const char *from = b + v * ${n.lanes} * cb;
    i64 t = 0;
    if (rb == E) for (; t + ${n.lanes} <= k; t += ${n.lanes}) {
      ${n.v} r[${n.lanes}];
      for (int j = 0; j < ${n.lanes}; j++) { r[j] = (${n.v}){}; if (j < columns) __builtin_memcpy(&r[j], from + j * cb + t * E, W); }
      transpose_${n.tag}(r);
      for (int j = 0; j < ${n.lanes}; j++) __builtin_memcpy(to + (t + j) * row + v * W, &r[j], W);
    }
    for (; t < k; t++) {
      ${n.v} x = {};
      for (i64 j = 0; j < columns; j++) __builtin_memcpy((char *)&x + j * E, from + j * cb + t * rb, E);
      __builtin_memcpy(to + t * row + v * W, &x, W);
    }
  }
}`;

/** The same, where row t and column j of B lie kt[t] + nt[j] bytes from its start. */
const packGathered = `
static void pack_gathered(const char *b, const i32 *kt, const i32 *nt, i64 k, i64 width, i64 vectors, char *to) {
  const i64 row = vectors * W;
  for (i64 v = 0; v < vectors; v++) {
    const i32 *at = nt + v * LF;
    char *out = to + v * W;
    i64 columns = width - v * LF; if (columns > LF) columns = LF;
    if (columns == LF && at[LF - 1] - at[0] == 4 * (LF - 1)) {
      for (i64 t = 0; t < k; t++) __builtin_memcpy(out + t * row, b + kt[t] + at[0], W);
      continue;
    }
    i64 t = 0;
#if defined(__AVX512F__) && W == 64 && !defined(__clang__)
    vi32 index = {}; for (i64 j = 0; j < columns; j++) index[j] = at[j];
    const unsigned short mask = (unsigned short)((1u << columns) - 1);
    while (t < k) {
      /* rows side by side, as an image's pixels: whole vectors of each column, turned */
      i64 run = 1;
      while (run < LF && t + run < k && kt[t + run] - kt[t] == 4 * run) run++;
      if (run >= LF / 4) {
        vf32 r[LF];
        for (int j = 0; j < LF; j++) { r[j] = (vf32){}; if (j < columns) r[j] = ld_F(b + kt[t] + at[j], run); }
        transpose_F(r);
        for (i64 i = 0; i < run; i++) __builtin_memcpy(out + (t + i) * row, &r[i], W);
        t += run;
        continue;
      }
      vf32 x = __builtin_ia32_gathersiv16sf((vf32){}, b + kt[t], index, mask, 1);
      __builtin_memcpy(out + t * row, &x, W);
      t++;
    }
#else
    for (; t < k; t++) {
      vf32 x = {};
      for (i64 j = 0; j < columns; j++) __builtin_memcpy((char *)&x + 4 * j, b + kt[t] + at[j], 4);
      __builtin_memcpy(out + t * row, &x, W);
    }
#endif
  }
}`;

/** Rows of C, block by block of k so that a panel of B stays in the cache; the tail of columns goes through `edge`. */
function product(n: FloatNames, bytes: number, gathered: boolean): string {
  const rows = tileRows(bytes);
  const calls = (nv: number, c: string, rc: string): string =>
    rows
      .map(
        (mr, at) =>
          `${at === 0 ? "for" : "if"} (${at === 0 ? `; i + ${mr} <= m; i += ${mr}` : `i + ${mr} <= m`}) { tile${mr}x${nv}_${n.tag}(a + i * ra + t * ca, ra, ca, panel, rp, ${c} + i * ${rc}, ${rc}, kb, t > 0);${at === 0 ? "" : ` i += ${mr};`} }`,
      )
      .join("\n        ");
  const byWidth = (c: string, rc: string): string => `i64 i = 0;
      if (vectors == 2) {
        ${calls(2, c, rc)}
      } else {
        ${calls(1, c, rc)}
      }`;
  return `
#define KB ${bytes === 64 ? 512 : 384}
void ${gathered ? "gather" : "gemm"}_${n.tag}(const char *a, i64 ra, i64 ca, const char *b, ${gathered ? "const i32 *kt, const i32 *nt" : "i64 rb, i64 cb"}, char *c, i64 rc, i64 m, i64 n, i64 k) {
  static __thread char packed[KB * 2 * W] __attribute__((aligned(64)));
  static __thread char *edge; static __thread i64 room;
  const i64 E = sizeof(${n.e}), N = 2 * ${n.lanes};
  const i64 last = (n - 1) / N * N, tail = n - last, tv = (tail + ${n.lanes} - 1) / ${n.lanes};
  if (m > ${rows[0]!} && k * (last / N + 1) * 2 * W <= (i64)sizeof packed) {
    /* All of B is packed at once, and rows of C are finished one after the other: column by column, rows that lie a power of
       two apart would throw each other out of the cache. */
    const int whole = tail == tv * ${n.lanes};
    if (!whole && room < m * 2 * W) { room = m * 2 * W; free(edge); edge = aligned_alloc(64, room); }
    for (i64 j = 0; j <= last; j += N) {
      const i64 width = j < last ? N : tail, vectors = j < last ? 2 : tv;
      ${gathered ? "pack_gathered(b, kt, nt + j, k, width, vectors, packed + j / N * k * 2 * W);" : `pack_${n.tag}(b + j * cb, rb, cb, k, width, vectors, packed + j / N * k * 2 * W);`}
    }
    i64 i = 0;
    ${rows
      .map(
        (mr) => `for (; i + ${mr} <= m; i += ${mr}) {
      for (i64 j = 0; j < last; j += N) tile${mr}x2_${n.tag}(a + i * ra, ra, ca, packed + j / N * k * 2 * W, 2 * W, c + i * rc + j * E, rc, k, 0);
      char *to = whole ? c + i * rc + last * E : edge + i * tv * W; const i64 rt = whole ? rc : tv * W;
      if (tv == 2) tile${mr}x2_${n.tag}(a + i * ra, ra, ca, packed + last / N * k * 2 * W, 2 * W, to, rt, k, 0);
      else tile${mr}x1_${n.tag}(a + i * ra, ra, ca, packed + last / N * k * 2 * W, W, to, rt, k, 0);
    }`,
      )
      .join("\n    ")}
    if (!whole) for (i64 r = 0; r < m; r++) __builtin_memcpy(c + r * rc + last * E, edge + r * tv * W, tail * E);
    return;
  }
  for (i64 j = 0; j < n; j += N) {
    const i64 width = n - j < N ? n - j : N, vectors = (width + ${n.lanes} - 1) / ${n.lanes};
    const int whole = width == vectors * ${n.lanes};
    if (!whole && room < m * vectors * W) { room = m * 2 * W; free(edge); edge = aligned_alloc(64, room); }
    for (i64 t = 0; t < k; t += KB) {
      const i64 kb = k - t < KB ? k - t : KB;
      const char *panel = packed; i64 rp = vectors * W;
      ${
        gathered
          ? "pack_gathered(b, kt + t, nt + j, kb, width, vectors, packed);"
          : `if (cb == E && whole && m <= ${rows[0]! * 2}) { panel = b + t * rb + j * E; rp = rb; }
      else pack_${n.tag}(b + t * rb + j * cb, rb, cb, kb, width, vectors, packed);`
      }
      char *to = whole ? c + j * E : edge; const i64 rt = whole ? rc : vectors * W;
      ${byWidth("to", "rt")}
    }
    if (!whole) for (i64 i = 0; i < m; i++) __builtin_memcpy(c + i * rc + j * E, edge + i * vectors * W, width * E);
  }
}
#undef KB`;
}

export const productRuntime = (bytes: number): string => `#include <stdlib.h>
${shuffle}${[single, double]
  .map((n) =>
    [
      ...tileRows(bytes).flatMap((mr) => [tile(n, mr, 1), tile(n, mr, 2)]),
      pack(n, bytes),
      product(n, bytes, false),
    ].join(""),
  )
  .join("\n")}
${packGathered}${product(single, bytes, true)}
`;
