/**
 * Compiles a program to the machine's own code: C, made an object by the system's compiler, loaded with koffi and run on
 * memory that the host sees too. Node only; import it lazily.
 */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type * as Koffi from "koffi";
import { SteepestError } from "../../run/errors.ts";
import {
  type Backend,
  type BackendOptions,
  type Executable,
  orOutOfMemory,
  outOfMemory,
  type ProgramSpec,
  viewIn,
} from "../backend.ts";
import type { Buffer } from "../compile/kernels.ts";
import { lower } from "../compile/lower.ts";
import { gatherProducts } from "../compile/passes/gather-products.ts";
import { winograd } from "../compile/passes/winograd.ts";
import { type NativeProgram, SLACK, writeProgram } from "../compile/writers/c/program.ts";
import { runtimeSource } from "../compile/writers/c/runtime.ts";
import { typedView } from "../graph/dtype.ts";
import { type Multiply, multiply } from "../matrix/multiply.ts";
import { bindMatrix } from "./matrix-kernels.ts";
import { type Compiler, findCompiler, objectOf } from "./node-compiler.ts";

/** Starts of memory are multiples of it: a cache line. */
const ALIGN = 64;
/** Bytes that one JavaScript buffer can hold. */
const LIMIT = 2 ** 40;

/** The compiled `run`: one part of a step. */
type Step = (memory: bigint, threads: number, part: number) => void;

interface Runtime {
  readonly table: bigint;
  readonly setThreads: (count: number) => number;
  /** For memory that nobody has touched yet. */
  readonly preferLargePages: (address: bigint, bytes: number) => void;
  /** Products of the host's matrices, on so many threads. */
  readonly multiplyOn: (threads: number) => Multiply;
}

/** Multiply-adds from which a call of native code is faster than JavaScript. */
const WORTH_CALLING = 4096;

const loadKoffi = (): typeof Koffi => createRequire(import.meta.url)("koffi") as typeof Koffi;

const runtimes = new Map<string, Runtime>();

/** The pool of threads and the product kernels, loaded once a process. */
function runtimeOf(koffi: typeof Koffi, compiler: Compiler): Runtime {
  const known = runtimes.get(compiler.key);
  if (known !== undefined) return known;
  const object = objectOf(compiler, runtimeSource(compiler.productBytes), "-O3");
  const library = koffi.load(object.path);
  object.loaded();
  const [place, size] = ["uintptr_t", "int64_t"];
  const product = library.func("product", "void", [place, place, place, size, size, size, "int", "int"]);
  const made: Runtime = {
    table: library.func("runtime", "uintptr_t", [])() as bigint,
    setThreads: library.func("set_threads", "int", ["int"]) as (count: number) => number,
    preferLargePages: library.func("prefer_large_pages", "void", [place, size]) as (
      address: bigint,
      bytes: number,
    ) => void,
    multiplyOn: (threads) => (a, b, sizes) => {
      const { m, k, n, transposeB = false } = sizes;
      if (m * k * n < WORTH_CALLING) return multiply(a, b, sizes);
      const c = new Float64Array(m * n);
      const [atA, atB, atC] = [koffi.address(a), koffi.address(b), koffi.address(c)];
      product(atA, atB, atC, m, k, n, transposeB ? 1 : 0, threads);
      return c;
    },
  };
  runtimes.set(compiler.key, made);
  return made;
}

/** Threads that programs use: `STEEPEST_THREADS`, else every core that the process may use. */
export function threadCount(setting: string | undefined = process.env["STEEPEST_THREADS"]): number {
  if (setting === undefined || setting === "") return availableParallelism();
  const count = Number(setting);
  if (Number.isInteger(count) && count >= 1 && count <= 1024) return count;
  throw new SteepestError("threads", `STEEPEST_THREADS is "${setting}"`, {
    help: "give a whole number from 1 to 1024",
    exitCode: 2,
  });
}

const written = (spec: ProgramSpec, { vectorBytes, productBytes }: Compiler): NativeProgram =>
  writeProgram(winograd(gatherProducts(lower(spec)), productBytes / 4), vectorBytes);

export interface NativeChoice {
  readonly threads?: number;
}

interface NativeBackend extends Backend {
  /** Compiles a program whose source is written already. */
  readonly load: (program: NativeProgram, options?: BackendOptions) => Executable;
}

/** The native backend. Throws `backend` where there is no compiler, or koffi can't be loaded. */
export const nativeBackend = (choice?: NativeChoice): Backend => native(choice);

function native({ threads = threadCount() }: NativeChoice = {}): NativeBackend {
  const { compiler, reason } = findCompiler();
  if (compiler === null) throw noNative(reason);
  let koffi: typeof Koffi;
  try {
    koffi = loadKoffi();
  } catch (error) {
    throw noNative(`koffi, an optional dependency, can't be loaded: ${String(error).split("\n")[0]}`);
  }
  const load: NativeBackend["load"] = (
    { source, plan, named, matrices, notes },
    { maxBytes = LIMIT } = {},
  ) => {
    if (plan.total > Math.min(maxBytes, LIMIT)) throw outOfMemory(plan.total, Math.min(maxBytes, LIMIT));
    const runtime = runtimeOf(koffi, compiler);
    const used = runtime.setThreads(threads);
    const object = objectOf(compiler, source, "-O2");
    const library = koffi.load(object.path);
    object.loaded();
    library.func("bind", "void", ["uintptr_t"])(runtime.table);
    const step = library.func("run", "void", ["uintptr_t", "int", "int"]) as Step;

    const memory = orOutOfMemory(plan.total, () => new ArrayBuffer(plan.total + ALIGN + SLACK));
    const whole = new Uint8Array(memory, 0, 1);
    const address = koffi.address(whole);
    runtime.preferLargePages(address, memory.byteLength);
    const base = (address + BigInt(ALIGN - 1)) & ~BigInt(ALIGN - 1);
    const shift = Number(base - address);
    const viewOf = (b: Buffer, at: number): ReturnType<typeof typedView> =>
      typedView(memory, shift + at, b.dtype, b.count);
    for (const [buffer, at] of plan.address)
      if (buffer.data !== undefined) viewOf(buffer, at).set(buffer.data);
    const count = Math.min(threads, used);
    const product = runtime.multiplyOn(count);
    const between = matrices.map((k) => bindMatrix(k, (b) => viewOf(b, plan.address.get(b)!), product));
    const views = new Map([...named].map(([name, b]) => [name, viewOf(b, plan.address.get(b)!)]));
    return {
      view: viewIn(views),
      run: () => {
        if (whole.length === 0) throw new Error("internal: the memory of a program was detached");
        for (const [part, compute] of between.entries()) {
          step(base, count, part);
          compute();
        }
        step(base, count, between.length);
      },
      bytes: plan.total,
      notes: {
        ...notes,
        backend: "native",
        compiler: `${compiler.path} ${compiler.version}`,
        vectorBytes: compiler.vectorBytes,
        threads: count,
        compileMs: Math.round(object.milliseconds),
        cached: object.cached ? "yes" : "no",
      },
    };
  };
  return {
    name: "native",
    load,
    compile: (spec, options) => load(written(spec, compiler), options),
  };
}

/**
 * Nanoseconds of native work that repay compiling a program, which takes about 0.2 s and 15 ms a function here; WebAssembly
 * takes about three times as long for the same work.
 */
const repays = (functions: number): number => 2e8 + 1e7 * functions;

/**
 * Native code for programs whose runs repay making it, else `other`; the first program decides for all, so that a run has
 * one backend. It decides by counted work alone, and so alike each time. Where the compiler fails, its message is given
 * once as a warning of the process, and `other` takes over.
 */
export function nativeWhereItPays(other: Backend, choice: NativeChoice = {}): Backend {
  let chosen: Backend | null = null;
  const first: Backend["compile"] = (spec, options = {}) => {
    const { runs = 0 } = options;
    const { compiler } = findCompiler();
    const program = compiler === null || runs === 0 ? null : written(spec, compiler);
    if (program === null || program.nanoseconds * runs < repays(program.functions)) {
      chosen = other;
      return other.compile(spec, options);
    }
    const backend = native(choice);
    chosen = backend;
    return backend.load(program, options);
  };
  return {
    get name() {
      return (chosen ?? other).name;
    },
    compile: (spec, options = {}) => {
      try {
        return (chosen?.compile ?? first)(spec, options);
      } catch (error) {
        if (chosen === other || (error instanceof SteepestError && error.id !== "backend")) throw error;
        process.emitWarning(`${String(error)}; WebAssembly takes over`, { code: "STEEPEST_NATIVE" });
        chosen = other;
        return other.compile(spec, options);
      }
    },
  };
}

const noNative = (reason: string): SteepestError =>
  new SteepestError("backend", `native code can't be made here: ${reason}`, {
    help: "install a C compiler (Debian: apt-get install gcc libc6-dev), set STEEPEST_CC to its path, or use the wasm backend",
  });
