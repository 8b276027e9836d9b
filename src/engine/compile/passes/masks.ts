/**
 * A rectifier's gradient asks again where x ≤ 0. The rectifier's result tells it too, and lies in memory for the next layer:
 * nobody else then reads the condition, so that it is not stored, and x need not outlive its own loop.
 */
import { type Expr, makeNode, type Node, remake, topologicalOrder } from "../../graph/expr.ts";
import { uniformValue } from "../nodes.ts";

/** The same roots, in which such conditions are read off results. */
export function masks(roots: readonly Expr[]): Expr[] {
  const nodes = topologicalOrder(roots);
  const rectifiers = new Map<Expr, Node<"select">>();
  for (const node of nodes) if (isRectifier(node)) rectifiers.set(node.inputs[0]!, node);
  const done = new Map<Expr, Expr>();
  const made = (node: Expr): Expr => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const inputs = node.inputs.map((x) => (isRectifier(node) ? made(x) : read(x)));
    const own = inputs.every((x, i) => x === node.inputs[i]) ? node : remake(node, inputs);
    done.set(node, own);
    return own;
  };
  const instead = new Map<Expr, Expr>();
  /** What takes the place of x for all but rectifiers, which need little besides what their conditions need. */
  const read = (x: Expr): Expr => {
    const y = rectifiers.get(x);
    if (y === undefined) return made(x);
    if (!instead.has(x)) instead.set(x, makeNode("le", [made(y), made(x.inputs[1]!)], {}, x.shape, "bool"));
    return instead.get(x)!;
  };
  for (const node of nodes) made(node);
  return roots.map(made);
}

/** select(x ≤ 0, 0 or c·x, x) with c above 0: at or below 0 where x is, NaN where x is. */
function isRectifier(e: Expr): e is Node<"select"> {
  if (e.op !== "select") return false;
  const [condition, below, x] = e.inputs as readonly [Expr, Expr, Expr];
  if (condition.op !== "le" || condition.inputs[0] !== x || uniformValue(condition.inputs[1]!) !== 0)
    return false;
  if (uniformValue(below) === 0) return true;
  return below.op === "mul" && below.inputs[0] === x && (uniformValue(below.inputs[1]!) ?? 0) > 0;
}
