/** The backend that a run asks for. */
import type { Backend } from "../engine/backend.ts";
import { reference } from "../engine/backends/reference.ts";
import { closest, SteepestError } from "../run/errors.ts";

export async function backendNamed(name: string): Promise<Backend> {
  if (name === "reference") return reference;
  if (name === "auto" || name === "wasm") return (await import("../engine/backends/wasm.ts")).wasm;
  const near = closest(name, ["auto", "wasm", "reference"]);
  throw new SteepestError("backend", `there is no backend "${name}"`, { help: near ? `did you mean "${near}"?` : "" });
}
