/** Which backends there are, and which one a run gets. */
import { closest, SteepestError } from "../run/errors.ts";
import type { Backend } from "./backend.ts";
import { reference } from "./backends/reference.ts";
import { wasm, wasmBackend } from "./backends/wasm.ts";

export type BackendName = "auto" | "native" | "wasm" | "blas" | "reference";
export const backendNames: readonly BackendName[] = ["auto", "native", "wasm", "blas", "reference"];

const inNode = (): boolean => typeof process !== "undefined" && process.versions?.node !== undefined;

/**
 * `auto` is wasm, with the system's BLAS for large products where one is found (Node). `blas` insists on the library.
 * Throws `backend` for an unknown name, and for `blas` where there is none.
 */
export async function chooseBackend(name: string = "auto"): Promise<Backend> {
  switch (name) {
    case "reference":
      return reference;
    case "wasm":
      return wasm;
    case "native":
      return (await import("./backends/native.ts")).nativeBackend();
    case "auto":
    case "blas": {
      if (!inNode()) {
        if (name === "blas") throw noBlas("only Node can call a system library");
        return wasm;
      }
      const { blasProducts } = await import("./backends/blas.ts");
      if (name === "blas") {
        const { findBlas } = await import("./backends/blas-library.ts");
        const { library, reason } = findBlas();
        if (library === null) throw noBlas(reason);
      }
      return wasmBackend({ library: blasProducts() });
    }
    default: {
      const guess = closest(name, backendNames);
      throw new SteepestError("backend", `there is no backend "${name}"`, {
        help: `${guess ? `did you mean "${guess}"? ` : ""}choose one of ${backendNames.join(", ")}`,
      });
    }
  }
}

const noBlas = (reason: string): SteepestError =>
  new SteepestError("backend", `no BLAS library can be used: ${reason}`, {
    help: "install one (Debian: apt-get install libopenblas0), set STEEPEST_BLAS to its path, or use the wasm backend",
  });

export interface BackendReport {
  readonly name: string;
  readonly active: boolean;
  readonly why: string;
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
  if (!inNode())
    return [...reports, { name: "blas", active: false, why: "only Node can call a system library" }];
  const { findBlas } = await import("./backends/blas-library.ts");
  const { library, reason } = findBlas();
  const why =
    library === null
      ? reason
      : `${library.name} at ${library.path}, ${library.threads ?? "its own number of"} thread${library.threads === 1 ? "" : "s"}; ${reason}`;
  return [...reports, { name: "blas", active: library !== null, why }];
}
