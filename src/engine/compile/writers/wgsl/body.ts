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

export interface Body {
  /** What is the same for all elements of the loops from `inner` on. */
  readonly before: readonly string[];
  /** Loads, members, stores. */
  readonly lines: readonly string[];
  readonly valueOf: (x: Expr) => string;
}

/** The statements of one element, and how to name a value afterwards. */
export function writeBody(
  kernel: LoopKernel,
  plan: Pick<LoopPlan, "loads" | "stores">,
  { uses, inner }: { readonly uses: Set<FunctionName>; readonly inner: number },
): Body {
  const names = new Map<Expr, string>();
  const still = new Set<Expr>();
  const [before, lines]: [string[], string[]] = [[], []];
  const define = (e: Expr, { text, moves }: { text: string; moves: boolean }): void => {
    const name = `v${names.size}`;
    names.set(e, name);
    if (!moves) still.add(e);
    (moves ? lines : before).push(`  let ${name} = ${text};`);
  };
  const valueOf = (x: Expr): string => {
    const value = uniformValue(x);
    if (value !== null) return literal(x.dtype, value);
    const name = names.get(aligned(x));
    if (name === undefined) throw new Error(`internal: ${x.op} is not at hand in its loop`);
    return name;
  };
  for (const [e, stream] of plan.loads)
    define(e, {
      text: load(e.dtype, streamWord(stream)),
      moves: stream.strides.slice(inner).some((s) => s !== 0),
    });
  for (const m of kernel.members)
    define(m, {
      text: expression(m, { input: (i) => valueOf(m.inputs[i]!), uses: (name) => void uses.add(name) }),
      moves: m.inputs.some((x) => uniformValue(x) === null && !still.has(aligned(x))),
    });
  for (const { value, stream } of plan.stores)
    lines.push(`  ${store(value.dtype, streamWord(stream), valueOf(value))}`);
  return { before, lines, valueOf };
}
