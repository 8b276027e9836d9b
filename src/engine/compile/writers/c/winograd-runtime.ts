/**
 * 3×3 convolutions in C after Winograd (Lavin and Gray, 2015): F(2×2, 3×3) and its adjoint. Inside, channels lie side by
 * side: vectors run along them, products need no packing, and images of any size fill the lanes. A plane holds one of the
 * 16 places of a tile for all tiles of a part; planes and rows are kept off powers of two, which would share cache sets.
 */

/** Sizes of a convolution as a program states them; strides of images in bytes. */
export const convolutionType = `typedef struct {
  i64 images, channels, height, width, outputs, rows, columns, top, left, image, plane, line, band, together;
} Convolution;
`;

const memory = `static __thread char *workroom; static __thread i64 work_bytes;
static char *room_of(i64 bytes) {
  if (work_bytes < bytes) { free(workroom); workroom = aligned_alloc(64, bytes); work_bytes = workroom ? bytes : 0; if (!workroom) abort(); }
  return workroom;
}
typedef struct {
  i64 cp, kp;         /* bytes of a pixel's channels and of its outputs */
  i64 across, bands;  /* tiles in a row, parts of an image */
  i64 tiles;          /* of a part, at most */
  i64 cs, ks;         /* bytes of a plane of either */
  char *pixels, *v, *m, *u;
} Room;
static i64 whole(i64 n, i64 of) { return (n + of - 1) / of * of; }
static Room rooms(const Convolution *s, int weight) {
  Room r;
  r.cp = whole(s->channels, LF) * 4; r.kp = whole(s->outputs, LF) * 4;
  r.across = (s->columns + 1) / 2;
  r.bands = ((s->rows + 1) / 2 + s->band - 1) / s->band;
  r.tiles = s->band * r.across;
  r.cs = whole(r.tiles * r.cp, 64) + 192; r.ks = whole(r.tiles * r.kp, 64) + 192;
  const i64 most = r.cp > r.kp ? r.cp : r.kp;
  const i64 pixels = whole((2 * s->band + 2) * (2 * r.across + 2 + LF) * most, 64);
  const i64 sums = weight ? 16 * s->outputs * r.cp : 0;
  char *at = room_of(pixels + 16 * (r.cs + r.ks) + sums);
  r.pixels = at; r.v = at + pixels; r.m = r.v + 16 * r.cs; r.u = r.m + 16 * r.ks;
  return r;
}
INLINE vf32 at_(const char *p) { vf32 v; __builtin_memcpy(&v, p, W); return v; }
INLINE void to_(char *p, vf32 v) { __builtin_memcpy(p, &v, W); }
`;

/** Pixels with their channels side by side, out of channels with their pixels side by side, and back. */
const pixels = `/* rows × columns pixels from (y, x) on; what lies outside of the image is 0 */
APART void to_pixels(const char *image, i64 plane, i64 line, i64 channels, i64 height, i64 width, i64 y, i64 x, i64 rows, i64 columns, char *to, i64 cp) {
  const i64 first = x < 0 ? -x : 0, end = width - x < columns ? (width - x < first ? first : width - x) : columns;
  for (i64 i = 0; i < rows; i++, to += columns * cp) {
    if (y + i < 0 || y + i >= height) { __builtin_memset(to, 0, columns * cp); continue; }
    __builtin_memset(to, 0, first * cp);
    __builtin_memset(to + end * cp, 0, (columns - end) * cp);
    for (i64 c = 0; c < channels; c += LF) {
      const i64 n = channels - c < LF ? channels - c : LF;
      const char *from = image + c * plane + (y + i) * line + x * 4;
      for (i64 j = first; j < end; j += LF) {
        const i64 count = end - j < LF ? end - j : LF;
        vf32 r[LF];
        /* whole vectors are read, beyond the row too; what is there is not stored */
        if (n == LF) for (int l = 0; l < LF; l++) r[l] = at_(from + l * plane + j * 4);
        else for (int l = 0; l < LF; l++) r[l] = l < n ? at_(from + l * plane + j * 4) : (vf32){};
        transpose_F(r);
        char *out = to + j * cp + c * 4;
        if (count == LF) for (int l = 0; l < LF; l++) to_(out + l * cp, r[l]);
        else for (i64 l = 0; l < count; l++) to_(out + l * cp, r[l]);
      }
    }
  }
}
APART void from_pixels(const char *from, i64 kp, i64 pitch, i64 outputs, i64 rows, i64 columns, char *image, i64 plane, i64 line) {
  for (i64 i = 0; i < rows; i++) {
    for (i64 k = 0; k < outputs; k += LF) {
      const i64 n = outputs - k < LF ? outputs - k : LF;
      for (i64 j = 0; j < columns; j += LF) {
        const int count = columns - j < LF ? columns - j : LF;
        vf32 r[LF];
        for (int l = 0; l < LF; l++) r[l] = at_(from + (i * pitch + j + l) * kp + k * 4);
        transpose_F(r);
        for (i64 l = 0; l < n; l++) st_F(image + (k + l) * plane + i * line + j * 4, r[l], count);
      }
    }
  }
}
`;

/** Both sides of a tile: what goes in has 4×4 pixels and what comes out 2×2. */
const transforms = `/* 4×4 pixels of each tile, two apart */
APART void tiles_in(const char *from, i64 pitch, i64 rows, const Room *r) {
  for (i64 y = 0; y < rows; y++) for (i64 x = 0; x < r->across; x++) {
    const char *d = from + (2 * y * pitch + 2 * x) * r->cp;
    char *to = r->v + (y * r->across + x) * r->cp;
    for (i64 c = 0; c < r->cp; c += W) {
      vf32 t[4][4];
      for (int j = 0; j < 4; j++) {
        const char *p = d + j * r->cp + c;
        const vf32 a = at_(p), b = at_(p + pitch * r->cp), e = at_(p + 2 * pitch * r->cp), f = at_(p + 3 * pitch * r->cp);
        t[0][j] = a - e; t[1][j] = b + e; t[2][j] = e - b; t[3][j] = b - f;
      }
      for (int i = 0; i < 4; i++) {
        char *q = to + 4 * i * r->cs + c;
        to_(q, t[i][0] - t[i][2]); to_(q + r->cs, t[i][1] + t[i][2]);
        to_(q + 2 * r->cs, t[i][2] - t[i][1]); to_(q + 3 * r->cs, t[i][1] - t[i][3]);
      }
    }
  }
}
APART void tiles_out(const Room *r, i64 rows, i64 pitch) {
  for (i64 y = 0; y < rows; y++) for (i64 x = 0; x < r->across; x++) {
    const char *from = r->m + (y * r->across + x) * r->kp;
    char *to = r->pixels + (2 * y * pitch + 2 * x) * r->kp;
    for (i64 k = 0; k < r->kp; k += W) {
      vf32 t[2][4];
      for (int j = 0; j < 4; j++) {
        const char *p = from + j * r->ks + k;
        const vf32 a = at_(p), b = at_(p + 4 * r->ks), e = at_(p + 8 * r->ks), f = at_(p + 12 * r->ks);
        t[0][j] = a + b + e; t[1][j] = b - e - f;
      }
      for (int i = 0; i < 2; i++) {
        char *q = to + i * pitch * r->kp + k;
        to_(q, t[i][0] + t[i][1] + t[i][2]); to_(q + r->kp, t[i][1] - t[i][2] - t[i][3]);
      }
    }
  }
}
/* the adjoint of the way out */
APART void tiles_back(const Room *r, i64 rows, i64 pitch) {
  for (i64 y = 0; y < rows; y++) for (i64 x = 0; x < r->across; x++) {
    const char *from = r->pixels + (2 * y * pitch + 2 * x) * r->kp;
    char *to = r->m + (y * r->across + x) * r->kp;
    for (i64 k = 0; k < r->kp; k += W) {
      vf32 t[4][2];
      for (int j = 0; j < 2; j++) {
        const vf32 a = at_(from + j * r->kp + k), b = at_(from + (pitch + j) * r->kp + k);
        t[0][j] = a; t[1][j] = a + b; t[2][j] = a - b; t[3][j] = -b;
      }
      for (int i = 0; i < 4; i++) {
        char *q = to + 4 * i * r->ks + k;
        to_(q, t[i][0]); to_(q + r->ks, t[i][0] + t[i][1]); to_(q + 2 * r->ks, t[i][0] - t[i][1]); to_(q + 3 * r->ks, -t[i][1]);
      }
    }
  }
}
`;

/** Terms that are added up in one go: sums of sums are as exact as those of products without transforms. */
const RUN = 64;

/** Products by the register tiles, on whole vectors. */
const rowsByTiles = (rows: readonly number[]): string => {
  const calls = (nv: number): string =>
    rows
      .map(
        (mr) =>
          `for (; i + ${mr} <= m; i += ${mr}) tile${mr}x${nv}_F(a + i * ra + t * ca, ra, ca, b + t * rb + j * W, rb, c + i * rc + j * W, rc, run, add || t > 0);`,
      )
      .join("\n      ");
  return `APART void by_tiles(const char *a, i64 ra, i64 ca, const char *b, i64 rb, char *c, i64 rc, i64 m, i64 vectors, i64 k, int add) {
  for (i64 j = 0; j < vectors; j += 2) for (i64 t = 0; t < k; t += ${RUN}) {
    const i64 run = k - t < ${RUN} ? k - t : ${RUN};
    i64 i = 0;
    if (vectors - j > 1) {
      ${calls(2)}
    } else {
      ${calls(1)}
    }
  }
}
`;
};

const kernels = `/* [outputs, channels, 3, 3] to 16 planes [channels, outputs], for channels from…to */
void winograd_filter(const Convolution *s, const char *w, char *u, i64 from, i64 to) {
  const i64 kp = whole(s->outputs, LF) * 4, us = s->channels * kp, fan = s->channels * 36;
  for (i64 c = from; c < to; c++) for (i64 k = 0; k < s->outputs; k += LF) {
    vf32 g[3][3], t[4][3];
    const i64 n = s->outputs - k < LF ? s->outputs - k : LF;
    for (int i = 0; i < 9; i++) {
      vf32 v = {};
      for (i64 l = 0; l < n; l++) __builtin_memcpy((char *)&v + 4 * l, w + (k + l) * fan + c * 36 + i * 4, 4);
      g[i / 3][i % 3] = v;
    }
    for (int j = 0; j < 3; j++) {
      const vf32 ends = (g[0][j] + g[2][j]) * 0.5f, middle = g[1][j] * 0.5f;
      t[0][j] = g[0][j]; t[1][j] = ends + middle; t[2][j] = ends - middle; t[3][j] = g[2][j];
    }
    for (int i = 0; i < 4; i++) {
      char *q = u + 4 * i * us + c * kp + k * 4;
      const vf32 ends = (t[i][0] + t[i][2]) * 0.5f, middle = t[i][1] * 0.5f;
      to_(q, t[i][0]); to_(q + us, ends + middle); to_(q + 2 * us, ends - middle); to_(q + 3 * us, t[i][2]);
    }
  }
}
/* Parts are bands of an image. */
void winograd_image(const Convolution *s, const char *x, const char *u, char *y, i64 from, i64 to) {
  const Room r = rooms(s, 0);
  const i64 pitch = 2 * r.across, seen = pitch + 2, plane = s->rows * s->columns * 4;
  for (i64 part = from; part < to; part++) {
    const i64 n = part / r.bands, first = part % r.bands * s->band * 2;
    const i64 left = s->rows - first, height = left < 2 * s->band ? left : 2 * s->band, rows = (height + 1) / 2;
    to_pixels(x + n * s->image, s->plane, s->line, s->channels, s->height, s->width, first - s->top, -s->left, 2 * rows + 2, seen, r.pixels, r.cp);
    tiles_in(r.pixels, seen, rows, &r);
    for (int i = 0; i < 16; i++)
      by_tiles(r.v + i * r.cs, r.cp, 4, u + i * s->channels * r.kp, r.kp, r.m + i * r.ks, r.kp, rows * r.across, r.kp / W, s->channels, 0);
    tiles_out(&r, rows, pitch);
    from_pixels(r.pixels, r.kp, pitch, s->outputs, height, s->columns, y + n * s->outputs * plane + first * s->columns * 4, plane, s->columns * 4);
  }
}
/* Parts are images together, each with a gradient [outputs, channels, 3, 3] of its own. */
void winograd_weight(const Convolution *s, const char *x, const char *g, char *out, i64 from, i64 to) {
  const Room r = rooms(s, 1);
  const i64 pitch = 2 * r.across, seen = pitch + 2, plane = s->rows * s->columns * 4, us = s->outputs * r.cp;
  for (i64 part = from; part < to; part++) {
    const i64 end = (part + 1) * s->together < s->images ? (part + 1) * s->together : s->images;
    int add = 0;
    for (i64 n = part * s->together; n < end; n++) for (i64 band = 0; band < r.bands; band++, add = 1) {
      const i64 first = band * s->band * 2, left = s->rows - first, height = left < 2 * s->band ? left : 2 * s->band, rows = (height + 1) / 2;
      to_pixels(x + n * s->image, s->plane, s->line, s->channels, s->height, s->width, first - s->top, -s->left, 2 * rows + 2, seen, r.pixels, r.cp);
      tiles_in(r.pixels, seen, rows, &r);
      to_pixels(g + n * s->outputs * plane, plane, s->columns * 4, s->outputs, s->rows, s->columns, first, 0, 2 * rows, pitch, r.pixels, r.kp);
      tiles_back(&r, rows, pitch);
      for (int i = 0; i < 16; i++)
        by_tiles(r.m + i * r.ks, 4, r.kp, r.v + i * r.cs, r.cp, r.u + i * us, r.cp, s->outputs, r.cp / W, rows * r.across, add);
    }
    char *to_part = out + part * s->outputs * s->channels * 36;
    for (i64 k = 0; k < s->outputs; k++) for (i64 c = 0; c < s->channels; c += LF) {
      vf32 t[3][4], d[9];
      for (int j = 0; j < 4; j++) {
        const char *p = r.u + j * us + k * r.cp + c * 4;
        const vf32 a = at_(p + 4 * us), b = at_(p + 8 * us), half = (a + b) * 0.5f;
        t[0][j] = at_(p) + half; t[1][j] = (a - b) * 0.5f; t[2][j] = half + at_(p + 12 * us);
      }
      for (int i = 0; i < 3; i++) {
        const vf32 half = (t[i][1] + t[i][2]) * 0.5f;
        d[3 * i] = t[i][0] + half; d[3 * i + 1] = (t[i][1] - t[i][2]) * 0.5f; d[3 * i + 2] = half + t[i][3];
      }
      const i64 n = s->channels - c < LF ? s->channels - c : LF;
      char *q = to_part + (k * s->channels + c) * 36;
      for (i64 l = 0; l < n; l++) for (int i = 0; i < 9; i++) __builtin_memcpy(q + l * 36 + i * 4, (char *)&d[i] + 4 * l, 4);
    }
  }
}
`;

/** `rows`: of the register tiles of the products, which come before this in the source. */
export const winogradRuntime = (rows: readonly number[]): string =>
  [convolutionType, memory, pixels, transforms, rowsByTiles(rows), kernels].join("");
