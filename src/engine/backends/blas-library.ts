/**
 * The system's BLAS in Node, called on WebAssembly memory without copies. koffi is an optional dependency and only loaded
 * here; import this file lazily.
 */
import { createRequire } from "node:module";
import type * as Koffi from "koffi";
import { SteepestError } from "../../run/errors.ts";

/** C = op(A)·op(B) in row-major order at fixed places of a WebAssembly memory. */
export interface BlasProduct {
  readonly memory: ArrayBufferLike;
  /** Byte offsets in the memory. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** op(A) is m×k, op(B) k×n, C m×n. */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Elements from a stored row to the next. */
  readonly lda: number;
  readonly ldb: number;
  readonly ldc: number;
}

export interface BlasLibrary {
  readonly name: "OpenBLAS" | "Accelerate" | "MKL" | "BLIS" | "BLAS";
  readonly path: string;
  readonly threads: number | null;
  /** Returns a call that multiplies and allocates nothing. */
  readonly sgemm: (product: BlasProduct) => () => void;
  readonly dgemm: (product: BlasProduct) => () => void;
}

export interface BlasSearch {
  readonly library: BlasLibrary | null;
  /** Why this library, or why none. */
  readonly reason: string;
}

const unixFolders = ["/usr/lib64", "/usr/local/lib", "/opt/OpenBLAS/lib", "/opt/intel/oneapi/mkl/latest/lib"];
/** A bare name is looked up by the system's loader. */
const candidates: Readonly<Record<string, readonly string[]>> = {
  linux: [
    "libopenblas.so.0",
    "libopenblas.so",
    "libopenblasp.so.0",
    "libmkl_rt.so.2",
    "libmkl_rt.so",
    "libblis.so.4",
    "libblis.so.3",
    "libblis.so",
    ...unixFolders.flatMap((f) => [`${f}/libopenblas.so.0`, `${f}/libopenblas.so`, `${f}/libmkl_rt.so.2`]),
  ],
  darwin: [
    "/System/Library/Frameworks/Accelerate.framework/Accelerate",
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
    "/usr/local/opt/openblas/lib/libopenblas.dylib",
  ],
  win32: ["libopenblas.dll", "openblas.dll", "mkl_rt.2.dll"],
};

/** Who exports what, and how it is told the number of threads. */
const makers = [
  { name: "OpenBLAS", threads: "openblas_set_num_threads" },
  { name: "MKL", threads: "MKL_Set_Num_Threads" },
  { name: "BLIS", threads: "bli_thread_set_num_threads" },
] as const;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

let koffi: typeof Koffi | undefined;
function loadKoffi(): typeof Koffi {
  koffi ??= createRequire(import.meta.url)("koffi") as typeof Koffi;
  return koffi;
}

/** The symbol as a function, or null if the library doesn't export it. */
function symbol(
  library: Koffi.LibraryHandle,
  name: string,
  result: string,
  parameters: string[],
): ((...a: unknown[]) => unknown) | null {
  try {
    return library.func(name, result, parameters);
  } catch (error) {
    if (/symbol|find|function/i.test(message(error))) return null;
    throw error;
  }
}

const [ROW_MAJOR, PLAIN, TRANSPOSED] = [101, 111, 112];

function binder(
  library: Koffi.LibraryHandle,
  name: string,
  float: "float" | "double",
): BlasLibrary["sgemm"] | null {
  // Addresses as numbers: 0.145 µs a call of a 4×4 product, where typed arrays take 0.175.
  const pointer = "uintptr_t";
  const call = symbol(library, name, "void", [
    "int", "int", "int", "int", "int", "int", float, pointer, "int", pointer, "int", float, pointer, "int",
  ]); // biome-ignore format: cblas_?gemm's parameters
  if (call === null) return null;
  return ({ memory, a, b, c, m, n, k, transposeA, transposeB, lda, ldb, ldc }) => {
    // The view keeps the memory alive as long as the call.
    const whole = new Uint8Array(memory);
    const base = Number(loadKoffi().address(whole));
    const [left, right] = [transposeA, transposeB].map((t) => (t ? TRANSPOSED : PLAIN));
    const [aAt, bAt, cAt] = [base + a, base + b, base + c];
    const bound = (): void => {
      if (whole.length === 0) throw new Error("internal: the memory of a bound product was detached");
      call(ROW_MAJOR, left, right, m, n, k, 1, aAt, lda, bAt, ldb, 0, cAt, ldc);
    };
    return bound;
  };
}

/** [1 2 3; 4 5 6]·[1 4; 2 5; 3 6] with the second operand stored transposed. A library with 64-bit integers fails it. */
function multiplies(bind: BlasLibrary["sgemm"], ArrayOf: typeof Float32Array | typeof Float64Array): boolean {
  const all = new ArrayOf(16);
  all.set([1, 2, 3, 4, 5, 6]);
  const { BYTES_PER_ELEMENT: bytes } = ArrayOf;
  bind({
    memory: all.buffer, a: 0, b: 0, c: 6 * bytes, m: 2, n: 2, k: 3,
    transposeA: false, transposeB: true, lda: 3, ldb: 3, ldc: 2,
  })(); // biome-ignore format: by matrix
  return all.subarray(6, 10).join() === "14,32,32,77";
}

function open(path: string, threads: number): BlasLibrary {
  // OpenBLAS starts its threads while it is being loaded.
  const known = process.env["OPENBLAS_NUM_THREADS"];
  process.env["OPENBLAS_NUM_THREADS"] = String(threads);
  let library: Koffi.LibraryHandle;
  try {
    library = loadKoffi().load(path);
  } finally {
    if (known === undefined) delete process.env["OPENBLAS_NUM_THREADS"];
    else process.env["OPENBLAS_NUM_THREADS"] = known;
  }
  const sgemm = binder(library, "cblas_sgemm", "float");
  const dgemm = binder(library, "cblas_dgemm", "double");
  if (sgemm === null || dgemm === null) throw new Error("it has no cblas_sgemm and cblas_dgemm");
  let name: BlasLibrary["name"] = path.includes("Accelerate") ? "Accelerate" : "BLAS";
  let set = false;
  for (const maker of makers) {
    const setThreads = symbol(library, maker.threads, "void", [maker.name === "BLIS" ? "int64_t" : "int"]);
    if (setThreads === null) continue;
    setThreads(threads);
    name = maker.name;
    set = true;
    break;
  }
  if (!multiplies(sgemm, Float32Array) || !multiplies(dgemm, Float64Array)) {
    throw new Error("a 2×3 by 3×2 product comes out wrong, so it takes other arguments (64-bit integers?)");
  }
  return { name, path, threads: set ? threads : null, sgemm, dgemm };
}

const found = new Map<string, BlasSearch>();

/**
 * Finds the system's BLAS, once a process. `setting` (default: the environment's STEEPEST_BLAS) is "off", the path of a
 * library, or nothing to look in the usual places. Throws SteepestError `blas` if a path was given and can't be used.
 */
export function findBlas({
  setting = process.env["STEEPEST_BLAS"] ?? "",
  threads = 1,
}: {
  setting?: string;
  threads?: number;
} = {}): BlasSearch {
  const key = `${threads} ${setting}`;
  let search = found.get(key);
  if (search === undefined) found.set(key, (search = look(setting, threads)));
  return search;
}

function look(setting: string, threads: number): BlasSearch {
  if (setting === "off") return { library: null, reason: "switched off by STEEPEST_BLAS=off" };
  try {
    loadKoffi();
  } catch (error) {
    const reason = `koffi, an optional dependency, can't be loaded: ${message(error).split("\n")[0]}`;
    if (setting !== "") throw unusable(setting, reason);
    return { library: null, reason };
  }
  if (setting !== "") {
    try {
      return { library: open(setting, threads), reason: "named by STEEPEST_BLAS" };
    } catch (error) {
      throw unusable(setting, message(error));
    }
  }
  const conda = process.env["CONDA_PREFIX"];
  const paths = [...(candidates[process.platform] ?? [])];
  if (conda !== undefined && process.platform === "linux") paths.push(`${conda}/lib/libopenblas.so`);
  const failures: string[] = [];
  for (const path of paths) {
    try {
      return { library: open(path, threads), reason: "found by its name in the usual places" };
    } catch (error) {
      const why = message(error);
      if (!/no such file|not found|cannot open|could not be found|failed to load/i.test(why))
        failures.push(`${path}: ${why}`);
    }
  }
  const looked = `none of ${paths.length} usual names is a BLAS library`;
  return { library: null, reason: [looked, ...failures].join("; ") };
}

function unusable(path: string, why: string): SteepestError {
  return new SteepestError("blas", `STEEPEST_BLAS names ${path}, which can't be used: ${why}`, {
    help: "give the path of a library with cblas_sgemm (OpenBLAS, MKL, BLIS), or STEEPEST_BLAS=off to do without",
    exitCode: 2,
  });
}

/**
 * Whether a product of this size is faster in BLAS than in our kernels, the call included. Measured with OpenBLAS 0.3.21 on
 * an x86-64 server: even at 20×20×20 (0.40 µs), ahead from there on also for thin shapes; matrix times vector never.
 */
export function worthBlas(m: number, n: number, k: number): boolean {
  return m > 1 && n > 1 && m * n * k >= 8000;
}
