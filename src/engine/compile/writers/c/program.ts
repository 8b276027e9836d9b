/** A lowered program as one C source, whose function `run` does a whole step. */
import type { Kernel, Lowered } from "../../kernels.ts";
import { type AddressOf, type MemoryPlan, planMemory } from "../../passes/memory.ts";
import { productOf } from "../../product.ts";
import type { MathName } from "./expression.ts";
import { type KernelText, type WriteContext, writeLoop } from "./loop.ts";
import { mathText } from "./math.ts";
import { writeCopy, writeFill, writeProduct, writeRows } from "./other-kernels.ts";
import { prelude, type VectorBytes } from "./prelude.ts";
import { randomText } from "./random.ts";
import { runtimeTable } from "./runtime.ts";

export interface NativeProgram {
  readonly source: string;
  readonly plan: MemoryPlan;
  /** Roughly what a run takes on one core. */
  readonly nanoseconds: number;
  readonly notes: Readonly<Record<string, string | number>>;
}

/** Bytes after the plan's end that programs may read, though what is there is never used. */
export const SLACK = 256;
/** Work below this many nanoseconds is over before other threads have heard of it. */
const WORTH_SHARING = 30_000;
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
  const context: WriteContext = { addressOf, vectorBytes, uses: (name) => void math.add(name) };
  const texts = kernels.map((k, i) => writeKernel(k, `k${i}`, context));
  const calls = texts.map((t, i) => `  ${callOf(t, `k${i}`)}`);
  const random = kernels.some((k) => k.kind === "loop" && k.members.some((m) => m.op === "random"));
  const source = `${prelude(vectorBytes)}${mathText(math)}${random ? randomText(math) : ""}
${runtimeTable}static const Runtime *rt;
void bind(const void *runtime) { rt = runtime; }

${texts.map((t) => t.text).join("\n")}
void run(char *m, int threads) {
${calls.join("\n")}
}
`;
  const count = (kind: Kernel["kind"]): number => kernels.filter((k) => k.kind === kind).length;
  return {
    source,
    plan,
    nanoseconds: texts.reduce((t, k) => t + k.parts * k.cost, 0),
    notes: { kernels: kernels.length, loops: count("loop"), products: count("matmul"), libraryCalls: 0 },
  };
}

function callOf({ parts, cost }: KernelText, name: string): string {
  if (parts < 2 || parts * cost < WORTH_SHARING) return `${name}(m, 0, ${parts});`;
  const chunk = Math.min(Math.max(1, Math.round(SHARE / cost)), Math.ceil(parts / 2));
  return `rt->parallel(${name}, m, ${parts}, ${chunk}, threads);`;
}

function writeKernel(kernel: Kernel, name: string, context: WriteContext): KernelText {
  const { addressOf } = context;
  switch (kernel.kind) {
    case "loop":
      return writeLoop(kernel, name, context);
    case "matmul":
      return writeProduct(productOf(kernel, addressOf), name, context.vectorBytes);
    case "fill":
      return writeFill(kernel, name, addressOf);
    case "copy":
      return writeCopy(kernel, name, addressOf);
    case "gather":
    case "scatter":
      return writeRows(kernel, name, addressOf);
  }
}
