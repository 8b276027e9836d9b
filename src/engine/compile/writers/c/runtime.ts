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

export const runtimeSource = (bytes: VectorBytes): string => `${scalarTypes}${vectorTypes(bytes)}${access}
${threadsRuntime}${productRuntime(bytes)}${winogradRuntime(tileRows(bytes))}
${runtimeTable}static const Runtime all = {parallel, gemm_F, gather_F, gemm_D, winograd_filter, winograd_image, winograd_weight};
const void *runtime(void) { return &all; }
`;
