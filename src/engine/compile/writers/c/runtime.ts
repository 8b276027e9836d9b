/** What all native programs of a machine share, as one C source: the pool of threads, matrix products, convolutions. */
import { access, scalarTypes, type VectorBytes, vectorTypes } from "./prelude.ts";
import { productRuntime, tileRows } from "./product-runtime.ts";
import { threadsRuntime } from "./threads-runtime.ts";
import { convolutionType, winogradRuntime } from "./winograd-runtime.ts";

const runtimeTable = `typedef struct {
  void (*parallel)(void (*)(char *, const i64 *, i64, i64), char *, const i64 *, i64, i64, int);
  void (*gemm_F)(const char *, i64, i64, const char *, i64, i64, char *, i64, i64, i64, i64);
  void (*gather_F)(const char *, i64, i64, const char *, const i32 *, const i32 *, char *, i64, i64, i64, i64);
  void (*gemm_D)(const char *, i64, i64, const char *, i64, i64, char *, i64, i64, i64, i64);
  void (*winograd_filter)(const Convolution *, const char *, char *, i64, i64);
  void (*winograd_image)(const Convolution *, const char *, const char *, char *, i64, i64);
  void (*winograd_weight)(const Convolution *, const char *, const char *, char *, i64, i64);
} Runtime;
`;
/** Declares the functions that a program is given when it is loaded, in order. */
export const runtimeTypes: string = convolutionType + runtimeTable;

/** A product of whole matrices for the host: float64, rows contiguous, B as [k, n] or, turned, as [n, k]. */
const hostProduct = `
static void product_rows(char *unused, const i64 *at, i64 from, i64 to) {
  const i64 k = at[4], n = at[5], E = sizeof(f64), turned = at[6];
  const i64 first = from * 32, last = to * 32 < at[3] ? to * 32 : at[3];
  (void)unused;
  gemm_D((const char *)at[0] + first * k * E, k * E, E, (const char *)at[1], turned ? E : n * E, turned ? k * E : E,
    (char *)at[2] + first * n * E, n * E, last - first, n, k);
}
void product(u64 a, u64 b, u64 c, i64 m, i64 k, i64 n, int turned, int threads) {
  const i64 at[] = {(i64)a, (i64)b, (i64)c, m, k, n, turned};
  parallel(product_rows, 0, at, (m + 31) / 32, 1, threads);
}
`;

/** Linux gives large pages to who asks: a pass over much memory then takes a tenth less, and its first one half. */
const largePages = `
#include <sys/mman.h>
#include <unistd.h>
void prefer_large_pages(u64 at, i64 bytes) {
#if defined(MADV_HUGEPAGE)
  const u64 page = sysconf(_SC_PAGESIZE), start = (at + page - 1) / page * page, end = (at + bytes) / page * page;
  if (end > start) madvise((void *)start, end - start, MADV_HUGEPAGE);
#endif
}
`;

export const runtimeSource = (bytes: VectorBytes): string => `${scalarTypes}${vectorTypes(bytes)}${access}
${threadsRuntime}${productRuntime(bytes)}${winogradRuntime(tileRows(bytes))}${hostProduct}${largePages}
${runtimeTable}static const Runtime all = {parallel, gemm_F, gather_F, gemm_D, winograd_filter, winograd_image, winograd_weight};
const void *runtime(void) { return &all; }
`;
