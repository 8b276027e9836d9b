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
const tileRows = (bytes: number): readonly number[] => (bytes === 64 ? [12, 8, 4, 2, 1] : [6, 4, 2, 1]);

/** mr rows of C by nv vectors of columns: k steps, added to C's content if `add`. */
const tile = (n: FloatNames, mr: number, nv: number): string => `
static void tile${mr}x${nv}_${n.tag}(const char *a, i64 ra, i64 ca, const char *b, i64 rb, char *c, i64 rc, i64 k, int add) {
  ${n.v} acc[${mr}][${nv}];
  for (int i = 0; i < ${mr}; i++) for (int j = 0; j < ${nv}; j++) {
    acc[i][j] = (${n.v}){};
    if (add) __builtin_memcpy(&acc[i][j], c + i * rc + j * W, W);
  }
  for (i64 t = 0; t < k; t++, a += ca, b += rb) {
    ${n.v} w[${nv}];
    for (int j = 0; j < ${nv}; j++) __builtin_memcpy(&w[j], b + j * W, W);
    for (int i = 0; i < ${mr}; i++) {
      ${n.e} x; __builtin_memcpy(&x, a + i * ra, sizeof x);
      for (int j = 0; j < ${nv}; j++) acc[i][j] = fma_${n.tag}(x - (${n.v}){}, w[j], acc[i][j]);
    }
  }
  for (int i = 0; i < ${mr}; i++) for (int j = 0; j < ${nv}; j++) __builtin_memcpy(c + i * rc + j * W, &acc[i][j], W);
}`;

/** Columns [j, j + width) of rows t…t + k of B, side by side and filled up with zeros to whole vectors. */
const pack = (n: FloatNames): string => `
static void transpose_${n.tag}(${n.v} *r) {
  for (int s = ${n.lanes} / 2; s > 0; s /= 2) {
    ${n.i} low, high;
    for (int l = 0; l < ${n.lanes}; l++) { low[l] = l & s ? ${n.lanes} + l - s : l; high[l] = l & s ? ${n.lanes} + l : l + s; }
    for (int i = 0; i < ${n.lanes}; i++) if (!(i & s)) {
      ${n.v} x = r[i], y = r[i + s];
      r[i] = SHUFFLE(x, y, low); r[i + s] = SHUFFLE(x, y, high);
    }
  }
}
static void pack_${n.tag}(const char *b, i64 rb, i64 cb, i64 k, i64 width, i64 vectors, char *to) {
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

/** Rows of C, block by block of k so that a panel of B stays in the cache; the tail of columns goes through `edge`. */
function product(n: FloatNames, bytes: number): string {
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
void gemm_${n.tag}(const char *a, i64 ra, i64 ca, const char *b, i64 rb, i64 cb, char *c, i64 rc, i64 m, i64 n, i64 k) {
  static __thread char packed[KB * 2 * W] __attribute__((aligned(64)));
  static __thread char *edge; static __thread i64 room;
  const i64 E = sizeof(${n.e});
  for (i64 j = 0; j < n; j += 2 * ${n.lanes}) {
    const i64 width = n - j < 2 * ${n.lanes} ? n - j : 2 * ${n.lanes}, vectors = (width + ${n.lanes} - 1) / ${n.lanes};
    const int whole = width == vectors * ${n.lanes};
    if (!whole && room < m * vectors * W) { room = m * 2 * W; free(edge); edge = aligned_alloc(64, room); }
    for (i64 t = 0; t < k; t += KB) {
      const i64 kb = k - t < KB ? k - t : KB;
      const char *panel = packed; i64 rp = vectors * W;
      if (cb == E && whole && m <= ${rows[0]! * 2}) { panel = b + t * rb + j * E; rp = rb; }
      else pack_${n.tag}(b + t * rb + j * cb, rb, cb, kb, width, vectors, packed);
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
    [...tileRows(bytes).flatMap((mr) => [tile(n, mr, 1), tile(n, mr, 2)]), pack(n), product(n, bytes)].join(
      "",
    ),
  )
  .join("\n")}
`;
