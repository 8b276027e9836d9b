/** A lowered program as one C source, whose function `run` does a step, part by part where the host has work between. */
import type { Kernel, Lowered, MatrixKernel } from "../../kernels.ts";
import { type AddressOf, type MemoryPlan, planMemory } from "../../passes/memory.ts";
import type { MathName } from "./expression.ts";
import { type KernelText, type WriteContext, writeLoop } from "./loop.ts";
import { mathText } from "./math.ts";
import { writeCopy, writeFill, writeProduct, writeRows } from "./other-kernels.ts";
import { prelude, type VectorBytes } from "./prelude.ts";
import { randomText } from "./random.ts";
import { runtimeTypes } from "./runtime.ts";
import { writeWinograd } from "./winograd.ts";

export interface NativeProgram {
  readonly source: string;
  readonly plan: MemoryPlan;
  readonly named: Lowered["named"];
  /** What the host computes after part 0, 1, … of a step; one part more follows. */
  readonly matrices: readonly MatrixKernel[];
  /** Roughly what a run takes on one core. */
  readonly nanoseconds: number;
  /** Functions to be compiled: equal kernels share one. */
  readonly functions: number;
  readonly notes: Readonly<Record<string, string | number>>;
}

/** Bytes after the plan's end that programs may read, though what is there is never used. */
export const SLACK = 256;
/**
 * Work of fewer nanoseconds is not shared: besides waking others, what they wrote has to come back from their caches to
 * whoever reads it next. Estimates are for narrow vectors; wide ones take a third.
 */
const WORTH_SHARING = 100_000;
/** Nanoseconds of work that a thread takes at a time. */
const SHARE = 8_000;

export function writeProgram({ kernels, named }: Lowered, vectorBytes: VectorBytes): NativeProgram {
  const plan = planMemory(kernels, named.values(), 0);
  const addressOf: AddressOf = (b) => {
    const address = plan.address.get(b);
    if (address === undefined) throw new Error("internal: a buffer without an address");
    return address;
  };
  const math = new Set<MathName>();
  const tables = new Map<string, { name: string; count: number; expression: string }>();
  const context: WriteContext = {
    addressOf,
    vectorBytes,
    uses: (name) => void math.add(name),
    table: (expression, count) => {
      const key = `${count} ${expression}`;
      const known = tables.get(key) ?? { name: `table${tables.size}`, count, expression };
      tables.set(key, known);
      return known.name;
    },
  };
  const { parts, matrices } = partsOf(kernels);
  const texts = parts.flat().map((k) => writeKernel(k, NAME, context));
  const functions = shareFunctions(texts);
  const calls = texts.map((t, i) => callOf(t, functions.calls[i]!));
  const random = kernels.some((k) => k.kind === "loop" && k.members.some((m) => m.op === "random"));
  const source = `${prelude(vectorBytes)}${mathText(math)}${random ? randomText(math) : ""}
${runtimeTypes}static const Runtime *rt;
${[...tables.values()].map(({ name, count }) => `static i32 ${name}[${count}];\n`).join("")}
void bind(const void *runtime) {
  rt = runtime;
${[...tables.values()].map(({ name, count, expression }) => `  for (i64 i = 0; i < ${count}; i++) ${name}[i] = ${expression};\n`).join("")}}

${functions.text}
void run(char *m, int threads, int part) {
  switch (part) {
${parts
  .map(
    (part, i) =>
      `  case ${i}:\n${calls
        .splice(0, part.length)
        .map((c) => `    ${c}\n`)
        .join("")}    return;`,
  )
  .join("\n")}
  }
}
`;
  const count = (kind: Kernel["kind"]): number => kernels.filter((k) => k.kind === kind).length;
  return {
    source,
    plan,
    named,
    matrices,
    functions: new Set(functions.calls.map((c) => c.name)).size,
    nanoseconds: texts.reduce((t, k) => t + k.parts * k.cost, 0),
    notes: { kernels: kernels.length, loops: count("loop"), products: count("matmul"), libraryCalls: 0 },
  };
}

type OwnKernel = Exclude<Kernel, MatrixKernel>;

/** The kernels in runs between those that the host computes. */
function partsOf(kernels: readonly Kernel[]): {
  readonly parts: readonly OwnKernel[][];
  readonly matrices: readonly MatrixKernel[];
} {
  const parts: OwnKernel[][] = [[]];
  const matrices: MatrixKernel[] = [];
  for (const kernel of kernels) {
    if (kernel.kind === "matrix") {
      matrices.push(kernel);
      parts.push([]);
    } else parts.at(-1)!.push(kernel);
  }
  return { parts, matrices };
}

/** What kernels are written under; `shareFunctions` gives them their own names. */
const NAME = "kernel";
/** A place in memory as kernels are written. */
const PLACE = /m \+ (\d+)ll/g;

interface Functions {
  readonly text: string;
  /** For each kernel its function, and the table of its places in memory where others have the same function. */
  readonly calls: readonly { readonly name: string; readonly places: string }[];
}

/**
 * Kernels that differ only in where their data lies, as those of a network's equal layers or steps, share one function,
 * which takes the places from a table: compiling takes time by the function.
 */
function shareFunctions(texts: readonly KernelText[]): Functions {
  const apart = texts.map(({ text }) => {
    const places = [...new Set([...text.matchAll(PLACE)].map((found) => found[1]!))];
    return { text, places, shared: text.replace(PLACE, (_, place: string) => `p${places.indexOf(place)}`) };
  });
  const uses = new Map<string, number>();
  for (const { shared } of apart) uses.set(shared, (uses.get(shared) ?? 0) + 1);
  const names = new Map<string, string>();
  const out: string[] = [];
  const define = (text: string, pointers: string): string => {
    const name = `k${out.length}`;
    const head = `static void ${name}(char *m, const i64 *at, i64 from, i64 to) {${pointers}`;
    out.push(text.replace(`static void ${NAME}(char *m, i64 from, i64 to) {`, head));
    return name;
  };
  const calls = apart.map(({ text, places, shared }, i) => {
    if (uses.get(shared) === 1) return { name: define(text, ""), places: "0" };
    const pointers = places.map((_, p) => `char *const p${p} = m + at[${p}];`).join(" ");
    if (!names.has(shared)) names.set(shared, define(shared, ` ${pointers}`));
    out.push(`static const i64 at${i}[] = {${places.join(", ") || "0"}};\n`);
    return { name: names.get(shared)!, places: `at${i}` };
  });
  return { text: out.join("\n"), calls };
}

function callOf({ parts, cost }: KernelText, { name, places }: Functions["calls"][number]): string {
  if (parts < 2 || parts * cost < WORTH_SHARING) return `${name}(m, ${places}, 0, ${parts});`;
  const chunk = Math.min(Math.max(1, Math.round(SHARE / cost)), Math.ceil(parts / 2));
  return `rt->parallel(${name}, m, ${places}, ${parts}, ${chunk}, threads);`;
}

function writeKernel(kernel: OwnKernel, name: string, context: WriteContext): KernelText {
  const { addressOf } = context;
  switch (kernel.kind) {
    case "loop":
      return writeLoop(kernel, name, context);
    case "matmul":
      return writeProduct(kernel, name, context);
    case "fill":
      return writeFill(kernel, name, addressOf);
    case "copy":
      return writeCopy(kernel, name, addressOf);
    case "gather":
    case "scatter":
      return writeRows(kernel, name, addressOf);
    case "winograd":
      return writeWinograd(kernel, name, context);
  }
}
