/** Graphs of one function at the three batch sizes of TRACE_SIZES, node by node side by side. */
import type { Expr } from "../engine/graph/expr.ts";
import type { TypedArray } from "../engine/graph/index.ts";
import { SteepestError } from "../run/errors.ts";
import { TRACE_SIZES } from "./batch-size.ts";

/** One node at each size. */
export type Trio = readonly [Expr, Expr, Expr];
/** The function's results at each size. */
export type Traces = readonly [readonly Expr[], readonly Expr[], readonly Expr[]];

/** Traces a function of a batch's rows at the three sizes. */
export const atEachSize = (trace: (rows: number) => readonly Expr[]): Traces => [
  trace(TRACE_SIZES[0]),
  trace(TRACE_SIZES[1]),
  trace(TRACE_SIZES[2]),
];

/** Input i at each size. */
export const inputOf = ([a, b, c]: Trio, i: number): Trio => [a.inputs[i]!, b.inputs[i]!, c.inputs[i]!];

/**
 * All that the results need, inputs before users. `neededBy` says which inputs of a node count. Throws `handoff-batch`
 * where the sizes do not give the same operations.
 */
export function triosOf(
  traces: Traces,
  neededBy: (e: Expr) => readonly Expr[] = (e) => e.inputs,
): readonly Trio[] {
  const [first, second, third] = [
    ordered(traces[0], neededBy),
    ordered(traces[1], neededBy),
    ordered(traces[2], neededBy),
  ];
  const alike =
    second.length === first.length &&
    third.length === first.length &&
    first.every((e, i) => e.op === second[i]!.op && e.op === third[i]!.op);
  if (alike) return first.map((e, i) => [e, second[i]!, third[i]!]);
  throw new SteepestError("handoff-batch", "the model or loss does other operations for other batch sizes", {
    help: "let it treat rows alike, whatever their number",
  });
}

function ordered(roots: readonly Expr[], neededBy: (e: Expr) => readonly Expr[]): Expr[] {
  const order: Expr[] = [];
  const done = new Set<Expr>();
  const stack: [Expr, boolean][] = [...roots].reverse().map((e) => [e, false]);
  while (stack.length > 0) {
    const [e, ready] = stack.pop()!;
    if (done.has(e)) continue;
    if (ready) {
      done.add(e);
      order.push(e);
      continue;
    }
    stack.push([e, true]);
    for (const i of [...neededBy(e)].reverse()) if (!done.has(i)) stack.push([i, false]);
  }
  return order;
}

/** A tensor constant, which has to be the same at each size. Throws `handoff-batch`. */
export function sameConstant(trio: Trio): TypedArray {
  const [values] = trio.map((e) => (e.op === "constant" ? e.attrs.value : null));
  if (typeof values !== "object" || values === null) throw new Error("internal: not a tensor constant");
  if (trio.every((e) => e.op === "constant" && String(e.attrs.value) === String(values))) return values;
  throw new SteepestError("handoff-batch", "a tensor constant differs between batch sizes", {
    help: "compute it from the batch, or make it a parameter",
  });
}
