import type { DType, TypedArray } from "./dtype.ts";
import type { Shape } from "./shape.ts";

type None = Readonly<Record<string, never>>;

/** Sliding windows over the last `sizes.length` axes; output axes are the positions, then the window. */
export interface Windows {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** How a `random` element is made of its counter (see rules/evaluate.ts for the exact arithmetic). */
export type RandomKind = "uniform" | "normal";

/**
 * The closed set of primitives with what each carries besides its inputs. Every table of rules is keyed by this
 * type, so a new primitive does not compile until each table has its row.
 */
export interface AttrsOf {
  // leaves
  readonly input: { readonly name: string };
  readonly constant: { readonly value: number | TypedArray };
  readonly iota: { readonly axis: number };
  // elementwise; all inputs have the output's shape
  readonly neg: None;
  readonly exp: None;
  readonly log: None;
  readonly log1p: None;
  readonly expm1: None;
  readonly sqrt: None;
  readonly rsqrt: None;
  readonly sin: None;
  readonly cos: None;
  readonly tanh: None;
  readonly sigmoid: None;
  readonly erf: None;
  readonly abs: None;
  readonly sign: None;
  readonly floor: None;
  readonly not: None;
  readonly cast: None;
  readonly stopGradient: None;
  readonly add: None;
  readonly sub: None;
  readonly mul: None;
  readonly div: None;
  readonly pow: None;
  readonly max: None;
  readonly min: None;
  readonly eq: None;
  readonly lt: None;
  readonly le: None;
  readonly and: None;
  readonly or: None;
  /** inputs: value, x, slope. The value, whose derivative with respect to x is declared to be `slope`. */
  readonly withGradient: None;
  /** inputs: condition (bool), value where true, value where false */
  readonly select: None;
  /** inputs: two key words and a counter, all int32 */
  readonly random: { readonly kind: RandomKind };
  // reductions; the axes disappear from the shape
  readonly reduceSum: { readonly axes: readonly number[] };
  readonly reduceMax: { readonly axes: readonly number[] };
  readonly reduceMin: { readonly axes: readonly number[] };
  readonly argmax: { readonly axis: number };
  /** inputs: [..., M, K] (or [..., K, M] when transposed), [..., K, N]; equal leading axes */
  readonly matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  // movement
  readonly reshape: None;
  readonly permute: { readonly axes: readonly number[] };
  readonly broadcast: None;
  readonly slice: { readonly starts: readonly number[]; readonly steps: readonly number[] };
  readonly pad: {
    readonly low: readonly number[];
    readonly steps: readonly number[];
    readonly value: number;
  };
  readonly concat: { readonly axis: number };
  /** inputs: table [V, ...rest], indices int32 [I...] → [I..., ...rest]; indices are clamped to 0..V−1 */
  readonly gather: None;
  /** inputs: indices int32 [I...], updates [I..., ...rest] → [V, ...rest], the rows of equal index added up */
  readonly scatterAdd: None;
  readonly windows: Windows;
  /** The adjoint of `windows`: overlapping elements are added up. */
  readonly foldWindows: Windows;
}

export type Primitive = keyof AttrsOf;

export type UnaryPrimitive =
  | "neg" | "exp" | "log" | "log1p" | "expm1" | "sqrt" | "rsqrt" | "sin" | "cos" | "tanh" | "sigmoid"
  | "erf" | "abs" | "sign" | "floor" | "not" | "cast" | "stopGradient"; // biome-ignore format: a list
export type BinaryPrimitive =
  | "add" | "sub" | "mul" | "div" | "pow" | "max" | "min" | "eq" | "lt" | "le" | "and" | "or"; // biome-ignore format: a list
export type ElementwisePrimitive = UnaryPrimitive | BinaryPrimitive | "select" | "random";

/** An immutable node of the expression graph. Shapes and dtypes are checked when it is made. */
export interface Node<P extends Primitive> {
  readonly op: P;
  readonly inputs: readonly Expr[];
  readonly attrs: AttrsOf[P];
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor-valued expression: a union over the primitives, so `switch (e.op)` narrows `e.attrs`. */
export type Expr = { readonly [P in Primitive]: Node<P> }[Primitive];

export function makeNode<P extends Primitive>(
  op: P,
  inputs: readonly Expr[],
  attrs: AttrsOf[P],
  shape: Shape,
  dtype: DType,
): Expr {
  return { op, inputs, attrs, shape, dtype } as unknown as Expr;
}

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
