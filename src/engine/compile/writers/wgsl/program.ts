/** A lowered program as WGSL: compute pipelines, and the dispatches of a step in their order. */
import { SteepestError } from "../../../../run/errors.ts";
import type { Kernel, Lowered } from "../../kernels.ts";
import { type MemoryPlan, planMemory } from "../../passes/memory.ts";
import { type FunctionName, operators } from "./expression.ts";
import { groupsOf, type KernelText, PLACE, plainGpu, type Traits } from "./kernel-text.ts";
import { writeLoop } from "./loop.ts";
import { type MathName, mathText } from "./math.ts";
import { writeCopy, writeFill, writeRows } from "./other-kernels.ts";
import { writeProduct } from "./product.ts";
import { normalText, uniformText } from "./random.ts";
import { MEMORY, specialValues } from "./types.ts";

export interface GpuProgram {
  /** Modules of one entry point each, ENTRY; equal kernels share one. */
  readonly pipelines: readonly string[];
  readonly dispatches: readonly Dispatch[];
  readonly plan: MemoryPlan;
  readonly named: Lowered["named"];
  readonly notes: Readonly<Record<string, string | number>>;
}

interface Dispatch {
  readonly pipeline: number;
  readonly groups: readonly [number, number];
  /** Words at which the data of this call lies, where kernels share a pipeline: `at` in its text. */
  readonly places: readonly number[];
}

/** Binding of the memory, and of a call's places. */
export const BINDINGS = { memory: 0, places: 1 } as const;
/** Places that a shared pipeline takes; kernels of more have one each. */
export const MAX_PLACES = 60;

export function writeProgram({ kernels, named }: Lowered, traits: Traits = plainGpu): GpuProgram {
  const texts = kernels.flatMap((k) => writeKernel(k, traits));
  const scratchWords = Math.max(0, ...texts.map((t) => t.scratch ?? 0));
  const plan = planMemory(kernels, named.values(), scratchWords * 4);
  const address = new Map([...plan.address].map(([b, at]) => [b.id, at / 4]));
  const wordOf = (place: string): number => {
    if (place === "scratch") return plan.scratch / 4;
    if (place.includes("=")) return Number(place.split("=")[1]);
    const [id, offset] = place.split(":").map(Number) as [number, number];
    const start = address.get(id);
    if (start === undefined) throw new Error("internal: a buffer without an address");
    return start + offset;
  };
  const { pipelines, calls } = share(texts, wordOf);
  const count = (kind: Kernel["kind"]): number => kernels.filter((k) => k.kind === kind).length;
  return {
    pipelines,
    dispatches: texts.map((t, i) => ({ ...calls[i]!, groups: groupsOf(t.groups) })),
    plan,
    named,
    notes: {
      kernels: kernels.length,
      loops: count("loop"),
      products: count("matmul"),
      libraryCalls: 0,
      dispatches: texts.length,
      pipelines: pipelines.length,
    },
  };
}

function writeKernel(kernel: Kernel, traits: Traits): KernelText[] {
  switch (kernel.kind) {
    case "loop":
      return writeLoop(kernel, traits);
    case "matmul":
      return writeProduct(kernel, traits);
    case "fill":
      return writeFill(kernel, traits);
    case "copy":
      return writeCopy(kernel, traits);
    case "gather":
    case "scatter":
      return writeRows(kernel, traits);
    case "winograd":
      throw new Error("internal: convolutions are products here");
    case "matrix":
      throw new SteepestError(
        "backend",
        `this program computes functions of whole matrices (${kernel.fn.name}), which the webgpu backend does not have`,
        { help: "use the wasm backend, or an optimizer that needs no eigenvectors or roots of matrices" },
      );
  }
}

/** Kernels that differ only in where their data lies share a pipeline, which takes the places from a table. */
function share(
  texts: readonly KernelText[],
  wordOf: (place: string) => number,
): { pipelines: string[]; calls: Pick<Dispatch, "pipeline" | "places">[] } {
  const apart = texts.map(({ text, ...needs }) => {
    const places = [...new Set([...text.matchAll(PLACE)].map((found) => found[1]!))];
    const named = text.replace(PLACE, (_, place: string) => `place${places.indexOf(place)}`);
    return { needs, places: places.map(wordOf), shared: named, tabled: places.length <= MAX_PLACES };
  });
  const users = new Map<string, number>();
  for (const { shared } of apart) users.set(shared, (users.get(shared) ?? 0) + 1);
  const known = new Map<string, number>();
  const pipelines: string[] = [];
  const calls = apart.map(({ needs, places, shared, tabled }) => {
    const several = tabled && users.get(shared)! > 1;
    const text = shared.replace(/place(\d+)/g, (_, p: string) =>
      several ? `at[${Number(p) >> 2}][${Number(p) & 3}]` : `${places[Number(p)]}u`,
    );
    const found = known.get(text) ?? pipelines.push(moduleOf({ ...needs, text }, several)) - 1;
    known.set(text, found);
    return { pipeline: found, places: several ? places : [] };
  });
  return { pipelines, calls };
}

function moduleOf(
  { text, uses, subgroups = false }: Pick<KernelText, "text" | "uses" | "subgroups">,
  tabled: boolean,
): string {
  const random = [...uses].filter((u) => u.startsWith("random"));
  const math = new Set([...uses].filter((u): u is MathName => !isRandom(u)));
  if (uses.has("random_normal")) for (const name of ["log", "cos"] as const) math.add(name);
  const table = `@group(0) @binding(${BINDINGS.places}) var<uniform> at: array<vec4<u32>, ${MAX_PLACES / 4}>;\n`;
  return `${subgroups ? "enable subgroups;\n" : ""}@group(0) @binding(${BINDINGS.memory}) var<storage, read_write> ${MEMORY}: array<u32>;
${tabled ? table : ""}${specialValues}${operators}${mathText(math)}${random.length > 0 ? uniformText : ""}${
  uses.has("random_normal") ? normalText : ""
}${text}`;
}

const isRandom = (name: FunctionName): boolean => name.startsWith("random");
