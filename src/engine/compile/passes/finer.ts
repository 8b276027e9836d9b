/**
 * A loop's result that is reshaped, as a pooling's gradient from tiles [N, C, OH, 2, OW, 2] to pixels [N, C, H, W], is read
 * by other loops over fewer and longer axes. They are made to run over its axes, so that they can share its loop.
 */
import { type Expr, isElementwise, makeNode, type Node, remake, topologicalOrder } from "../../graph/expr.ts";
import { primitives } from "../../graph/primitives.ts";
import { type Shape, sameShape, sizeOf } from "../../graph/shape.ts";
import { aligned, isFusible, uniformValue } from "../nodes.ts";

/** The same roots, in which elementwise work and reductions are done before axes are joined. */
export function finer(roots: readonly Expr[]): Expr[] {
  const nodes = topologicalOrder(roots);
  const readers = new Map<Expr, number>(roots.map((r) => [r, 2]));
  for (const node of nodes) for (const x of new Set(node.inputs)) readers.set(x, (readers.get(x) ?? 0) + 1);
  const done = new Map<Expr, Expr>();
  for (const node of nodes) {
    const inputs = node.inputs.map((x) => done.get(x)!);
    const own = inputs.every((x, i) => x === node.inputs[i]) ? node : remake(node, inputs);
    const alone = (x: Expr): boolean => readers.get(x) === 1 && readers.get(x.inputs[0]!) === 1;
    // work that is done over finer axes already takes what reads it along
    const at = node.inputs.findIndex(
      (x, i) => joined(inputs[i]) !== null && (x.op !== "reshape" || alone(x)),
    );
    done.set(node, elementByElement(own, inputs[at]) ?? reduced(own) ?? own);
  }
  return roots.map((r) => done.get(r)!);
}

/** What elementwise work made that is reshaped so that axes are joined; null for all else. */
function joined(e: Expr | undefined): Expr | null {
  if (e?.op !== "reshape") return null;
  const [of] = e.inputs as [Expr];
  return isElementwise(of) && isFusible(of) && parts(of.shape, e.shape) !== null ? of : null;
}

/** For each axis of `joined` the axes of `fine` that it is made of; null where it is made otherwise, or nothing is joined. */
function parts(fine: Shape, joined: Shape): number[][] | null {
  if (sizeOf(fine) === 0 || fine.length <= joined.length) return null;
  const out: number[][] = [];
  let axis = 0;
  for (const size of joined) {
    const own: number[] = [];
    for (let p = 1; p < size; p *= fine[axis++]!) {
      if (axis === fine.length) return null;
      own.push(axis);
    }
    if (own.reduce((p, a) => p * fine[a]!, 1) !== size) return null;
    out.push(own);
  }
  return axis === fine.length ? out : null;
}

/** An elementwise node that reads `input`, over the finer axes that this was joined of. */
function elementByElement(e: Expr, input: Expr | undefined): Expr | null {
  const of = isElementwise(e) && e.op !== "random" ? joined(input) : null;
  if (of === null) return null;
  const { shape } = of;
  const split = (x: Expr): Expr => {
    if (x === input) return of;
    return isRepeatable(x) ? remake(x, x.inputs.map(view), shape) : view(x);
  };
  const view = (x: Expr): Expr => {
    const finer = joined(x);
    if (finer !== null && sameShape(finer.shape, shape)) return finer;
    const op = x.op === "broadcast" && uniformValue(x) !== null ? "broadcast" : "reshape";
    return makeNode(op, op === "broadcast" ? x.inputs : [x], {}, shape, x.dtype);
  };
  return makeNode("reshape", [remake(e, e.inputs.map(split), shape)], {}, e.shape, e.dtype);
}

/** Cheap work on one value, which may lie in memory for others, as a rectifier's result does, or on what no loop makes. */
function isRepeatable(x: Expr): boolean {
  if (!isElementwise(x) || x.op === "random" || primitives[x.op].cost !== "cheap") return false;
  const sources = x.inputs.filter((y) => uniformValue(y) === null).map(aligned);
  return sources.length === 1 || !sources.some((y) => isElementwise(y) && isFusible(y));
}

/** A reduction of what elementwise work made, over the finer axes. */
function reduced(e: Expr): Expr | null {
  if (e.op !== "reduceSum" && e.op !== "reduceMax" && e.op !== "reduceMin") return null;
  const [input] = e.inputs as [Expr];
  const of = joined(input);
  if (of === null) return null;
  const own = parts(of.shape, input.shape)!;
  const axes = e.attrs.axes.flatMap((a) => own[a]!);
  const kept = of.shape.filter((_, a) => !axes.includes(a));
  const node = makeNode(e.op, [of], { axes }, kept, e.dtype) as Node<"reduceSum">;
  return makeNode("reshape", [node], {}, e.shape, e.dtype);
}
