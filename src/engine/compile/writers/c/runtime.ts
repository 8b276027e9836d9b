/** What all native programs of a machine share, as one C source: the pool of threads and the matrix products. */
import { scalarTypes, type VectorBytes, vectorTypes } from "./prelude.ts";
import { productRuntime } from "./product-runtime.ts";
import { threadsRuntime } from "./threads-runtime.ts";

/** Declares the functions that a program is given when it is loaded, in order. */
export const runtimeTable = `typedef struct {
  void (*parallel)(void (*)(char *, const i64 *, i64, i64), char *, const i64 *, i64, i64, int);
  void (*gemm_F)(const char *, i64, i64, const char *, i64, i64, char *, i64, i64, i64, i64);
  void (*gather_F)(const char *, i64, i64, const char *, const i32 *, const i32 *, char *, i64, i64, i64, i64);
  void (*gemm_D)(const char *, i64, i64, const char *, i64, i64, char *, i64, i64, i64, i64);
} Runtime;
`;

export const runtimeSource = (bytes: VectorBytes): string => `${scalarTypes}${vectorTypes(bytes)}
${threadsRuntime}${productRuntime(bytes)}
${runtimeTable}static const Runtime all = {parallel, gemm_F, gather_F, gemm_D};
const void *runtime(void) { return &all; }
`;
