/** Which backends there are, and which one a run gets. */
import { closest, SteepestError } from "../run/errors.ts";
import type { Backend, ProgramSpec } from "./backend.ts";
import { reference } from "./backends/reference.ts";
import { wasm, wasmBackend } from "./backends/wasm.ts";

/** Names that `chooseBackend` and a run file's `"backend"` take. */
export type BackendName = "auto" | "native" | "wasm" | "blas" | "webgpu" | "reference";
/** All backend names, in the order that help lists them. */
export const backendNames: readonly BackendName[] = ["auto", "native", "wasm", "blas", "webgpu", "reference"];

const inNode = (): boolean => typeof process !== "undefined" && process.versions?.node !== undefined;

export interface BackendChoice {
  /** How many threads native programs use; default: `STEEPEST_THREADS`, else all cores. */
  readonly threads?: number;
  /** The name of the backend that a run was begun on: `auto` goes on with it where it can. */
  readonly begunOn?: string;
  /**
   * A program whose results are taken later (`Executable.device`), as `traceStep` gives it: where there is WebGPU, `auto`
   * times it there and on WebAssembly, and takes what is faster.
   */
  readonly late?: ProgramSpec;
}

/**
 * `auto` is native code where there is a compiler and the program's runs repay making it, else wasm, with the system's BLAS
 * for large products where one is found (Node); in a page it is wasm, or what `late` asks for. `webgpu` runs programs whose
 * results are taken later on the GPU, and others on wasm. The other names insist. Throws `backend` for an unknown name,
 * and for one that can't be had here.
 */
export async function chooseBackend(name: string = "auto", choice: BackendChoice = {}): Promise<Backend> {
  switch (name) {
    case "reference":
      return reference;
    case "wasm":
      return wasm;
    case "auto":
      if (choice.late !== undefined && "gpu" in (globalThis.navigator ?? {})) return fasterOf(choice.late);
      return inNode() ? automatic(choice) : wasm;
    case "webgpu":
      return (await import("./backends/webgpu.ts")).webgpuBackend();
    case "native":
      if (!inNode()) throw onlyNode("native", "call a compiler");
      return (await nodeBackends()).nativeBackend(choice);
    case "blas": {
      if (!inNode()) throw onlyNode("blas", "call a system library");
      const { library, reason } = (await nodeBackends()).findBlas();
      if (library === null) throw noBlas(reason);
      return wasmWithBlas();
    }
    default: {
      const guess = closest(name, backendNames);
      throw new SteepestError("backend", `there is no backend "${name}"`, {
        help: `${guess ? `did you mean "${guess}"? ` : ""}choose one of ${backendNames.join(", ")}`,
      });
    }
  }
}

const fasterOf = async (late: ProgramSpec): Promise<Backend> =>
  (await import("./backends/faster.ts")).fasterBackend(late);

const nodeBackends = (): Promise<typeof import("./backends/node-backends.ts")> =>
  import("./backends/node-backends.ts");

async function wasmWithBlas(): Promise<Backend> {
  const { blasProducts } = await nodeBackends();
  return wasmBackend({ library: blasProducts() });
}

async function automatic(choice: BackendChoice): Promise<Backend> {
  const { begunOn } = choice;
  if (begunOn === "wasm") return wasm;
  if (begunOn === "reference") return reference;
  const other = await wasmWithBlas();
  if (begunOn !== undefined && begunOn !== "native") return other;
  const { findCompiler, nativeBackend, nativeWhereItPays } = await nodeBackends();
  if (findCompiler().compiler === null) return other;
  return begunOn === "native" ? nativeBackend(choice) : nativeWhereItPays(other, choice);
}

const onlyNode = (name: string, what: string): SteepestError =>
  new SteepestError("backend", `there is no ${name} backend in a page: only Node can ${what}`, {
    help: "use the wasm backend",
  });

const noBlas = (reason: string): SteepestError =>
  new SteepestError("backend", `no BLAS library can be used: ${reason}`, {
    help: "install one (Debian: apt-get install libopenblas0), set STEEPEST_BLAS to its path, or use the wasm backend",
  });

/** Whether a backend can be had here, and why or why not: a line of `steepest info`. */
export interface BackendReport {
  readonly name: string;
  readonly active: boolean;
  readonly why: string;
}

async function describeNative(): Promise<BackendReport> {
  const { findCompiler, cacheFolder, nativeBackend, threadCount } = await nodeBackends();
  const { compiler, reason } = findCompiler();
  if (compiler === null) {
    const why = `${reason}; a C compiler (Debian: apt-get install gcc libc6-dev) would make steps two to four times as fast`;
    return { name: "native", active: false, why };
  }
  try {
    nativeBackend();
  } catch (error) {
    return { name: "native", active: false, why: error instanceof Error ? error.message : String(error) };
  }
  const threads = threadCount();
  const { folder, shared } = cacheFolder();
  return {
    name: "native",
    active: true,
    why: `${compiler.path} ${compiler.version}, ${compiler.vectorBytes * 8}-bit vectors, ${threads} thread${threads === 1 ? "" : "s"}; ${reason}; objects are kept in ${shared ? folder : "no cache: its folder can't be written"}`,
  };
}

async function describeGpu(): Promise<BackendReport> {
  const name = "webgpu";
  try {
    const backend = await (await import("./backends/webgpu.ts")).webgpuBackend();
    backend.close();
    return { name, active: true, why: `${backend.adapter}; for steps whose results are taken later` };
  } catch (error) {
    if (!(error instanceof SteepestError)) throw error;
    return { name, active: false, why: error.message };
  }
}

/** For `steepest info`: what runs here, and why or why not. Loads the BLAS library if there is one. */
export async function describeBackends(): Promise<BackendReport[]> {
  const { detectFma } = await import("./compile/writers/wasm/gemm/index.ts");
  const fma = detectFma();
  const reports: BackendReport[] = [
    { name: "reference", active: true, why: "float64 interpreter; choose it to check a result" },
    {
      name: "wasm",
      active: true,
      why: `SIMD128${fma ? " with relaxed-SIMD fused multiply-add" : "; this engine has no relaxed SIMD"}, one thread`,
    },
  ];
  reports.push(await describeGpu());
  if (!inNode()) {
    return [
      ...reports,
      { name: "native", active: false, why: "only Node can call a compiler" },
      { name: "blas", active: false, why: "only Node can call a system library" },
    ];
  }
  reports.push(await describeNative());
  const { library, reason } = (await nodeBackends()).findBlas();
  const why =
    library === null
      ? reason
      : `${library.name} at ${library.path}, ${library.threads ?? "its own number of"} thread${library.threads === 1 ? "" : "s"}; ${reason}`;
  return [...reports, { name: "blas", active: library !== null, why }];
}
