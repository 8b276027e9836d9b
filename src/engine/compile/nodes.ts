/** What passes and writers ask of nodes. */
import { type Expr, isElementwise, isReduction, makeNode, type NodeOf } from "../graph/expr.ts";
import type { ElementwisePrimitive, ReductionPrimitive } from "../graph/primitives.ts";
import type { Shape } from "../graph/shape.ts";
import type { View } from "../graph/strided.ts";

/** The number every element equals, if the node says so. */
export function uniformValue(e: Expr): number | null {
  if (e.op === "constant") return typeof e.attrs.value === "number" ? e.attrs.value : null;
  return e.op === "broadcast" ? uniformValue(e.inputs[0]!) : null;
}

/** Identity on the elements, in memory of its own. */
export const copyOf = (x: Expr): NodeOf<"stopGradient"> =>
  makeNode("stopGradient", [x], {}, x.shape, x.dtype);

/** A shape without its axes of size 1: they carry no iterations. */
export const squeeze = (shape: Shape): number[] => shape.filter((d) => d !== 1);

/** A view without its axes of size 1. */
export const squeezeView = (v: View): View => ({
  shape: squeeze(v.shape),
  strides: v.strides.filter((_, i) => v.shape[i] !== 1),
  offset: v.offset,
});

/** Looks through reshapes that only add or drop axes of size 1: same element order, same loop index. */
export function aligned(e: Expr): Expr {
  while (e.op === "reshape" && squeeze(e.shape).join() === squeeze(e.inputs[0]!.shape).join())
    e = e.inputs[0]!;
  return e;
}

/** Computed element by element, or reduced, inside a loop kernel. Uniform values are not: code has them as immediates. */
export type Fusible = NodeOf<ElementwisePrimitive | ReductionPrimitive>;
export const isFusible = (e: Expr): e is Fusible =>
  isElementwise(e) ? uniformValue(e) === null : isReduction(e);
