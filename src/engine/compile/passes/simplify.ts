/**
 * Rebuilds a graph without what a program need not compute twice or at all: equal nodes are shared, constants folded,
 * neutral operations dropped, and work on broadcast tensors done before the broadcast.
 */
import { type Expr, isElementwise, makeNode, remake, topologicalOrder } from "../../graph/expr.ts";
import { type Shape, sameShape, sizeOf } from "../../graph/shape.ts";
import { elementwise } from "../../rules/scalar.ts";
import { uniformValue } from "../nodes.ts";

const uniform = (value: number, like: Pick<Expr, "shape" | "dtype">): Expr => {
  const rounded = like.dtype === "float32" ? Math.fround(value) : like.dtype === "int32" ? value | 0 : value;
  const scalar = makeNode("constant", [], { value: rounded }, [], like.dtype);
  return like.shape.length === 0 ? scalar : makeNode("broadcast", [scalar], {}, like.shape, like.dtype);
};

/** All inputs known: the value, computed as the interpreter would. */
function fold(e: Expr): Expr | null {
  if (!isElementwise(e) || e.op === "random" || e.op === "cast" || (e.op === "div" && e.dtype === "int32"))
    return null;
  const values = e.inputs.map(uniformValue);
  if (values.some((v) => v === null)) return null;
  const [a, b, c] = values as number[];
  return uniform(e.op === "div" ? a! / b! : elementwise[e.op](a!, b ?? 0, c ?? 0), e);
}

const reshaped = (x: Expr, shape: Shape): Expr =>
  sameShape(x.shape, shape) ? x : makeNode("reshape", [x], {}, shape, x.dtype);

/** Local rules: what a node becomes, or itself. */
function rewrite(e: Expr): Expr {
  const folded = fold(e);
  if (folded !== null) return folded;
  const [a, b] = e.inputs as readonly [Expr, Expr];
  switch (e.op) {
    case "stopGradient":
    case "withGradient":
      return a;
    case "neg":
      return a.op === "neg" ? a.inputs[0]! : e;
    case "add":
      return uniformValue(b) === 0 ? a : uniformValue(a) === 0 ? b : e;
    case "sub":
      return uniformValue(b) === 0 ? a : e;
    case "mul":
      return uniformValue(b) === 1 ? a : uniformValue(a) === 1 ? b : e;
    case "div":
      return uniformValue(b) === 1 ? a : e;
    case "pow":
      if (uniformValue(b) === 1) return a;
      return uniformValue(b) === 2 ? makeNode("mul", [a, a], {}, e.shape, e.dtype) : e;
    case "select": {
      const condition = uniformValue(a);
      return condition === null ? e : condition !== 0 ? b : e.inputs[2]!;
    }
    case "cast": {
      const value = uniformValue(a);
      if (value === null || e.dtype === "bool" || e.dtype === "int32") return e;
      return uniform(value, e);
    }
    case "reshape":
      if (a.op === "reshape") return reshaped(a.inputs[0]!, e.shape);
      if (uniformValue(a) !== null) return uniform(uniformValue(a)!, e);
      return sameShape(a.shape, e.shape) ? a : e;
    case "broadcast":
      if (sameShape(a.shape, e.shape)) return a;
      return a.op === "broadcast" ? makeNode("broadcast", a.inputs, {}, e.shape, e.dtype) : e;
    case "permute":
    case "slice":
      return uniformValue(a) !== null ? uniform(uniformValue(a)!, e) : e;
    case "reduceSum":
    case "reduceMax":
    case "reduceMin":
      return e.attrs.axes.every((axis) => a.shape[axis] === 1) ? reshaped(a, e.shape) : e;
    case "argmax":
      return a.shape[e.attrs.axis] === 1 ? uniform(0, e) : e;
    default:
      return e;
  }
}

/** f(broadcast(x), broadcast(y), 2) → broadcast(f(x, y, 2)) when the operands come from one smaller shape. */
function broadcastLast(e: Expr): Expr {
  if (!isElementwise(e) || e.op === "random" || e.inputs.length === 0) return e;
  let source: Shape | null = null;
  for (const x of e.inputs) {
    if (uniformValue(x) !== null) continue;
    if (x.op !== "broadcast" || (source !== null && !sameShape(source, x.inputs[0]!.shape))) return e;
    source = x.inputs[0]!.shape;
  }
  if (source === null || sizeOf(source) >= sizeOf(e.shape)) return e;
  const shape = source;
  const small = e.inputs.map((x) =>
    uniformValue(x) !== null ? uniform(uniformValue(x)!, { shape, dtype: x.dtype }) : x.inputs[0]!,
  );
  const inner = remake(e, small, shape);
  return makeNode("broadcast", [inner], {}, e.shape, e.dtype);
}

/** The same roots on a smaller graph. Inputs keep their identity. */
export function simplify(roots: readonly Expr[]): Expr[] {
  const ids = new Map<Expr, number>();
  const known = new Map<string, Expr>();
  const done = new Map<Expr, Expr>();

  const share = (e: Expr): Expr => {
    if (e.op === "input" || ids.has(e)) {
      if (!ids.has(e)) ids.set(e, ids.size);
      return e;
    }
    const attrs =
      e.op === "constant" && typeof e.attrs.value !== "number" ? [dataId(e.attrs.value)] : attrKey(e);
    const key = `${e.op}|${e.dtype}|${e.shape.join()}|${attrs}|${e.inputs.map((x) => ids.get(share(x))).join()}`;
    const same = known.get(key);
    if (same !== undefined) return same;
    known.set(key, e);
    ids.set(e, ids.size);
    return e;
  };
  const arrays = new Map<object, number>();
  const dataId = (data: object): string => {
    if (!arrays.has(data)) arrays.set(data, arrays.size);
    return `data${arrays.get(data)}`;
  };

  for (const node of topologicalOrder(roots)) {
    const inputs = node.inputs.map((x) => done.get(x)!);
    let e = inputs.every((x, i) => x === node.inputs[i]) ? node : remake(node, inputs);
    for (let previous: Expr | null = null; previous !== e; ) {
      previous = e;
      e = canonical(broadcastLast(rewrite(e)), share);
    }
    done.set(node, share(e));
  }
  return roots.map((r) => done.get(r)!);
}

/** Shares a node's new inputs first, so that what a rule has just built is known too. */
function canonical(e: Expr, share: (e: Expr) => Expr): Expr {
  const inputs = e.inputs.map(share);
  return inputs.every((x, i) => x === e.inputs[i]) ? e : remake(e, inputs);
}

const attrKey = (e: Expr): string => {
  const value = e.op === "constant" ? e.attrs.value : undefined;
  // JSON has no NaN, Infinity or −0
  return typeof value === "number"
    ? Object.is(value, -0)
      ? "-0"
      : String(value)
    : JSON.stringify(e.attrs, (_, v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v));
};
