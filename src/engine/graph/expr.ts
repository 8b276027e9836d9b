import type { DType } from "./dtype.ts";
import {
  type AttrsOf,
  type ElementwisePrimitive,
  type KernelPrimitive,
  type Primitive,
  primitives,
  type ReductionPrimitive,
  type ViewPrimitive,
} from "./primitives.ts";
import type { Shape } from "./shape.ts";

/** An immutable node of the expression graph. Shapes and dtypes are checked when it is made. */
export interface Node<P extends Primitive> {
  readonly op: P;
  readonly inputs: readonly Expr[];
  readonly attrs: AttrsOf[P];
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A node of one of the primitives P: a union, so `switch (e.op)` narrows `e.attrs`. */
export type NodeOf<P extends Primitive> = { readonly [Q in P]: Node<Q> }[P];

/** A tensor-valued expression. */
export type Expr = NodeOf<Primitive>;

export function makeNode<P extends Primitive>(
  op: P,
  inputs: readonly Expr[],
  attrs: AttrsOf[P],
  shape: Shape,
  dtype: DType,
): NodeOf<P> {
  return { op, inputs, attrs, shape, dtype };
}

/** Whether a value is an expression: users' functions may return anything. */
export const isExpr = (e: unknown): e is Expr =>
  typeof e === "object" && e !== null && "op" in e && typeof e.op === "string" && "shape" in e;

/** The same operation on other inputs. */
export const remake = (e: Expr, inputs: readonly Expr[], shape: Shape = e.shape): Expr => ({
  ...e,
  inputs,
  shape,
});

/** Applies the rule that a table has for the node's primitive. */
export function applyRule<P extends Primitive, A extends readonly unknown[], R>(
  rules: { readonly [Q in P]: (node: Node<Q>, ...rest: A) => R },
  node: NodeOf<P>,
  ...rest: A
): R {
  const rule: (node: Node<P>, ...rest: A) => R = rules[node.op];
  return rule(node, ...rest);
}

export const isElementwise = (e: Expr): e is NodeOf<ElementwisePrimitive> =>
  primitives[e.op].kind === "elementwise";
export const isReduction = (e: Expr): e is NodeOf<ReductionPrimitive> =>
  primitives[e.op].kind === "reduction";
export const isView = (e: Expr): e is NodeOf<ViewPrimitive> => primitives[e.op].kind === "view";
export const isKernel = (e: Expr): e is NodeOf<KernelPrimitive> => primitives[e.op].kind === "kernel";

/** All nodes the roots need, inputs before users, each once. Iterative: graphs are deeper than the stack. */
export function topologicalOrder(roots: readonly Expr[]): Expr[] {
  const order: Expr[] = [];
  const state = new Map<Expr, "open" | "done">();
  const stack: Expr[] = [...roots].reverse();
  while (stack.length > 0) {
    const node = stack[stack.length - 1]!;
    const seen = state.get(node);
    if (seen === undefined) {
      state.set(node, "open");
      for (let i = node.inputs.length - 1; i >= 0; i--) {
        if (!state.has(node.inputs[i]!)) stack.push(node.inputs[i]!);
      }
    } else {
      stack.pop();
      if (seen === "open") {
        state.set(node, "done");
        order.push(node);
      }
    }
  }
  return order;
}
