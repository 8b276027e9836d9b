/** Small questions about nodes. */
import type { Expr, Node } from "../../engine/graph/expr.ts";
import type { Primitive } from "../../engine/graph/primitives.ts";

export type Of<P extends Primitive> = Node<P> & Expr;

export const unbroadcast = (e: Expr): Expr => (e.op === "broadcast" ? e.inputs[0]! : e);

/** The number that every element is, or null where that is not known. */
export function numberOf(e: Expr): number | null {
  if (e.op === "broadcast" || e.op === "reshape") return numberOf(e.inputs[0]!);
  return e.op === "constant" && typeof e.attrs.value === "number" ? e.attrs.value : null;
}

export const isZero = (e: Expr): boolean => numberOf(e) === 0;
