/** Which backends there are, and which one a run gets. */
import { SteepestError } from "../run/errors.ts";
import { findRow, type Row } from "../run/table.ts";
import type { Backend, ProgramSpec } from "./backend.ts";
import { reference } from "./backends/reference.ts";
import { wasm, wasmBackend } from "./backends/wasm.ts";

/** Names that `chooseBackend` and a run file's `"backend"` take. */
export type BackendName = "auto" | "native" | "wasm" | "blas" | "webgpu" | "reference";

/** A backend of the table: when it is chosen, and whether it can be had here. */
export interface BackendRow extends Row {
  readonly name: BackendName;
  /** Throws `backend` where it can't be had. */
  readonly make: (choice: BackendChoice) => Promise<Backend>;
  /** Whether it can be had here, and why or why not; absent from what stands for another. */
  readonly report?: () => Promise<Availability>;
}

const inNode = (): boolean => typeof process !== "undefined" && process.versions?.node !== undefined;

/** What `auto` and the native backend choose by. */
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
  /** How often it will run, where that is known: `auto` does not try a GPU for what WebAssembly has done by then. */
  readonly runs?: number;
}

/** All backends, in the order that help lists them. */
export const backends: readonly BackendRow[] = [
  {
    name: "auto",
    about:
      "native where there is a compiler and the program's runs repay making it, else wasm, with the system's BLAS for large products where one is found (Node); in a page wasm, or what is faster for a step whose results are taken later",
    make: async (choice) => {
      if (choice.late !== undefined && "gpu" in (globalThis.navigator ?? {}))
        return fasterOf(choice.late, choice.runs);
      return inNode() ? automatic(choice) : wasm;
    },
  },
  {
    name: "native",
    about: "C code on all cores, made by the system's compiler",
    make: async (choice) => {
      requireNode("native", CALL_COMPILER);
      return (await nodeBackends()).nativeBackend(choice);
    },
    report: async () => (inNode() ? describeNative() : onlyInNode(CALL_COMPILER)),
  },
  {
    name: "wasm",
    about: "WebAssembly on one thread",
    make: async () => wasm,
    report: describeWasm,
  },
  {
    name: "blas",
    about: "wasm, with the system's BLAS for large products",
    make: async () => {
      requireNode("blas", CALL_LIBRARY);
      const { library, reason } = (await nodeBackends()).findBlas();
      if (library === null) throw noBlas(reason);
      return wasmWithBlas();
    },
    report: async () => (inNode() ? describeBlas() : onlyInNode(CALL_LIBRARY)),
  },
  {
    name: "webgpu",
    about: "programs whose results are taken later on the GPU, others on wasm",
    make: async () => (await import("./backends/webgpu.ts")).webgpuBackend(),
    report: describeGpu,
  },
  {
    name: "reference",
    about: "the interpreter that the others are checked against, in float64",
    make: async () => reference,
    report: async () => ({ active: true, why: "float64 interpreter; choose it to check a result" }),
  },
];

/** Their names, in the same order. */
export const backendNames: readonly BackendName[] = backends.map(({ name }) => name);

/**
 * The backend of this name, ready to compile. `auto` chooses; the other names insist. Throws `backend` for an unknown name,
 * and for one that can't be had here.
 */
export async function chooseBackend(name: string = "auto", choice: BackendChoice = {}): Promise<Backend> {
  return findRow(backends, name, { code: "backend", missing: `there is no backend "${name}"` }).make(choice);
}

const fasterOf = async (late: ProgramSpec, runs: number | undefined): Promise<Backend> =>
  (await import("./backends/faster.ts")).fasterBackend(late, runs);

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

const CALL_COMPILER = "call a compiler";
const CALL_LIBRARY = "call a system library";

function requireNode(name: BackendName, why: string): void {
  if (inNode()) return;
  throw new SteepestError("backend", `there is no ${name} backend in a page: only Node can ${why}`, {
    help: "use the wasm backend",
  });
}

const onlyInNode = (why: string): Availability => ({ active: false, why: `only Node can ${why}` });

const noBlas = (reason: string): SteepestError =>
  new SteepestError("backend", `no BLAS library can be used: ${reason}`, {
    help: "install one (Debian: apt-get install libopenblas0), set STEEPEST_BLAS to its path, or use the wasm backend",
  });

/** Whether a backend can be had here, and why or why not. */
interface Availability {
  readonly active: boolean;
  readonly why: string;
}

/** A line of `steepest info`. */
export interface BackendReport extends Availability {
  readonly name: string;
}

async function describeWasm(): Promise<Availability> {
  const { detectFma } = await import("./compile/writers/wasm/gemm/index.ts");
  const fma = detectFma() ? " with relaxed-SIMD fused multiply-add" : "; this engine has no relaxed SIMD";
  return { active: true, why: `SIMD128${fma}, one thread` };
}

async function describeNative(): Promise<Availability> {
  const { findCompiler, cacheFolder, nativeBackend, threadCount } = await nodeBackends();
  const { compiler, reason } = findCompiler();
  if (compiler === null) {
    const why = `${reason}; a C compiler (Debian: apt-get install gcc libc6-dev) would make steps two to four times as fast`;
    return { active: false, why };
  }
  try {
    nativeBackend();
  } catch (error) {
    return { active: false, why: error instanceof Error ? error.message : String(error) };
  }
  const threads = threadCount();
  const { folder, shared } = cacheFolder();
  return {
    active: true,
    why: `${compiler.path} ${compiler.version}, ${compiler.vectorBytes * 8}-bit vectors, ${threads} thread${threads === 1 ? "" : "s"}; ${reason}; objects are kept in ${shared ? folder : "no cache: its folder can't be written"}`,
  };
}

/** Loads the library if there is one. */
async function describeBlas(): Promise<Availability> {
  const { library, reason } = (await nodeBackends()).findBlas();
  if (library === null) return { active: false, why: reason };
  const threads = `${library.threads ?? "its own number of"} thread${library.threads === 1 ? "" : "s"}`;
  return { active: true, why: `${library.name} at ${library.path}, ${threads}; ${reason}` };
}

async function describeGpu(): Promise<Availability> {
  try {
    const backend = await (await import("./backends/webgpu.ts")).webgpuBackend();
    backend.close();
    return { active: true, why: `${backend.adapter}; for steps whose results are taken later` };
  } catch (error) {
    if (!(error instanceof SteepestError)) throw error;
    return { active: false, why: error.message };
  }
}

/** For `steepest info`: what runs here, and why or why not, in the table's order. */
export async function describeBackends(): Promise<BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const { name, report } of backends) if (report) reports.push({ name, ...(await report()) });
  return reports;
}
