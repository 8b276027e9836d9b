/** The inside of a loop: what is done for one element, where the loops stand at i0, i1, … */
import type { Expr } from "../../../graph/expr.ts";
import type { LoopKernel } from "../../kernels.ts";
import { aligned, uniformValue } from "../../nodes.ts";
import type { LoopPlan, Stream } from "../../passes/loop-plan.ts";
import { expression, type FunctionName } from "./expression.ts";
import { placeOf, words } from "./kernel-text.ts";
import { literal, load, store } from "./types.ts";

/** The word of a stream's element. */
export function streamWord({ operand: { buffer, view }, strides }: Stream): string {
  const moves = strides.flatMap((s, d) =>
    s === 0 ? [] : [words(s) === 1 ? `i${d}` : `i${d} * ${words(s)}u`],
  );
  return [placeOf(buffer, view.offset), ...moves].join(" + ");
}

/** The statements of one element: loads, members, stores; and how to name a value afterwards. */
export function writeBody(
  kernel: LoopKernel,
  plan: Pick<LoopPlan, "loads" | "stores">,
  uses: Set<FunctionName>,
): { readonly lines: string[]; readonly valueOf: (x: Expr) => string } {
  const names = new Map<Expr, string>();
  const lines: string[] = [];
  const define = (e: Expr, text: string): void => {
    const name = `v${names.size}`;
    names.set(e, name);
    lines.push(`  let ${name} = ${text};`);
  };
  const valueOf = (x: Expr): string => {
    const value = uniformValue(x);
    if (value !== null) return literal(x.dtype, value);
    const name = names.get(aligned(x));
    if (name === undefined) throw new Error(`internal: ${x.op} is not at hand in its loop`);
    return name;
  };
  for (const [e, stream] of plan.loads) define(e, load(e.dtype, streamWord(stream)));
  for (const m of kernel.members) {
    const input = (i: number): string => valueOf(m.inputs[i]!);
    define(m, expression(m, { input, uses: (name) => void uses.add(name) }));
  }
  for (const { value, stream } of plan.stores)
    lines.push(`  ${store(value.dtype, streamWord(stream), valueOf(value))}`);
  return { lines, valueOf };
}
