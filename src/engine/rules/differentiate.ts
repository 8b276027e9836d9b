/**
 * Reverse-mode derivatives: for each primitive, how the gradient g of the output becomes gradients of the inputs.
 * Rules return expressions, so they can be differentiated again.
 */
import { isFloat } from "../graph/dtype.ts";
import { applyRule, type Expr, makeNode, type Node, topologicalOrder } from "../graph/expr.ts";
import {
  add,
  and,
  broadcastTo,
  cast,
  clamp,
  concat,
  constant,
  cos,
  div,
  dot,
  eq,
  exp,
  foldWindows,
  gather,
  le,
  log,
  lt,
  matmul,
  mul,
  neg,
  pad,
  permute,
  pow,
  reshape,
  scatterAdd,
  select,
  sign,
  sin,
  slice,
  split,
  sub,
  sum,
  windows,
  zeros,
  zerosLike,
} from "../graph/index.ts";
import type { Primitive } from "../graph/primitives.ts";
import { sameShape, shapeError, showShape } from "../graph/shape.ts";

/** Gradients of the inputs in order; null where an input has none (integers, conditions). */
type Rule<P extends Primitive> = (node: Node<P>, g: Expr) => readonly (Expr | null)[];

/** Piecewise constant, or made of integers: the derivative is zero wherever it exists. */
const flat = (node: { readonly inputs: readonly Expr[] }): null[] => node.inputs.map(() => null);

/** Undoes a broadcast: adds up the axes that were repeated. */
function unbroadcast(g: Expr, target: Expr): Expr {
  const extra = g.shape.length - target.shape.length;
  const axes = g.shape
    .map((_, i) => i)
    .filter((i) => i < extra || (target.shape[i - extra] === 1 && g.shape[i] !== 1));
  return reshape(sum(g, { axes }), target.shape);
}

/** Gives a reduced tensor its lost axes back, broadcast to the input's shape. */
function expand(reduced: Expr, axes: readonly number[], like: Expr): Expr {
  return broadcastTo(
    reshape(
      reduced,
      like.shape.map((d, i) => (axes.includes(i) ? 1 : d)),
    ),
    like.shape,
  );
}

/** As PyTorch's amax: equal extremes share the gradient. */
function extremum(node: Node<"reduceMax" | "reduceMin">, g: Expr): [Expr] {
  const x = node.inputs[0]!;
  const { axes } = node.attrs;
  const isPeak = cast(eq(x, expand(node, axes, x)), x.dtype);
  return [mul(isPeak, expand(div(g, sum(isPeak, { axes })), axes, x))];
}

/** As PyTorch's maximum: a tie gives each side half. */
function larger(node: Node<"max" | "min">, g: Expr): [Expr, Expr] {
  const [a, b] = pair(node);
  const half = mul(g, 0.5);
  const zero = zerosLike(g);
  const share = (loser: Expr, winner: Expr): Expr =>
    select(lt(loser, winner), g, select(le(loser, winner), half, zero));
  return node.op === "max" ? [share(b, a), share(a, b)] : [share(a, b), share(b, a)];
}

const pair = (node: { readonly inputs: readonly Expr[] }): readonly [Expr, Expr] => [
  node.inputs[0]!,
  node.inputs[1]!,
];
const first = (node: { readonly inputs: readonly Expr[] }): Expr => node.inputs[0]!;

const rules: { readonly [P in Primitive]: Rule<P> } = {
  input: flat,
  constant: flat,
  iota: flat,
  neg: (_, g) => [neg(g)],
  exp: (n, g) => [mul(g, n)],
  log: (n, g) => [div(g, first(n))],
  log1p: (n, g) => [div(g, add(first(n), 1))],
  expm1: (n, g) => [mul(g, add(n, 1))],
  sqrt: (n, g) => [div(mul(g, 0.5), n)],
  rsqrt: (n, g) => [mul(mul(g, -0.5), div(n, first(n)))],
  sin: (n, g) => [mul(g, cos(first(n)))],
  cos: (n, g) => [neg(mul(g, sin(first(n))))],
  tanh: (n, g) => [mul(g, sub(1, mul(n, n)))],
  sigmoid: (n, g) => [mul(g, mul(n, sub(1, n)))],
  erf: (n, g) => [mul(g, mul(2 / Math.sqrt(Math.PI), exp(neg(mul(first(n), first(n))))))],
  abs: (n, g) => [mul(g, sign(first(n)))],
  sign: flat,
  floor: flat,
  not: flat,
  cast: (n, g) => [isFloat(first(n).dtype) ? cast(g, first(n).dtype) : null],
  stopGradient: flat,
  add: (_, g) => [g, g],
  sub: (_, g) => [g, neg(g)],
  mul: (n, g) => [mul(g, n.inputs[1]!), mul(g, first(n))],
  div: (n, g) => [div(g, n.inputs[1]!), neg(mul(g, div(n, n.inputs[1]!)))],
  pow: (n, g) => {
    const [a, b] = pair(n);
    const zero = zerosLike(a);
    const toBase = select(eq(b, 0), zero, mul(g, mul(b, pow(a, sub(b, 1)))));
    // 0^b has slope 0 in b for b ≥ 0 (log 0 would make it NaN)
    const toExponent = select(and(eq(a, 0), le(0, b)), zero, mul(g, mul(n, log(a))));
    return [toBase, isConstant(b) ? null : toExponent];
  },
  max: larger,
  min: larger,
  eq: flat,
  lt: flat,
  le: flat,
  and: flat,
  or: flat,
  select: (n, g) => {
    const zero = zerosLike(g);
    return [null, select(first(n), g, zero), select(first(n), zero, g)];
  },
  random: flat,
  withGradient: (n, g) => [null, mul(g, n.inputs[2]!), null],
  reduceSum: (n, g) => [expand(g, n.attrs.axes, first(n))],
  reduceMax: extremum,
  reduceMin: extremum,
  argmax: flat,
  matmul: (n, g) => {
    const [a, b] = pair(n);
    const { transposeA: ta, transposeB: tb } = n.attrs;
    return [
      ta ? matmul(b, g, { transposeA: tb, transposeB: true }) : matmul(g, b, { transposeB: !tb }),
      tb ? matmul(g, a, { transposeA: true, transposeB: ta }) : matmul(a, g, { transposeA: !ta }),
    ];
  },
  matrixFunction: flat,
  reshape: (n, g) => [reshape(g, first(n).shape)],
  permute: (n, g) => [
    permute(
      g,
      n.attrs.axes.map((_, i) => n.attrs.axes.indexOf(i)),
    ),
  ],
  broadcast: (n, g) => [unbroadcast(g, first(n))],
  slice: (n, g) => {
    const { starts, steps } = n.attrs;
    const high = first(n).shape.map(
      (d, i) => d - starts[i]! - (n.shape[i] === 0 ? 0 : (n.shape[i]! - 1) * steps[i]! + 1),
    );
    return [pad(g, starts, high, { steps })];
  },
  pad: (n, g) => {
    const { low, steps } = n.attrs;
    const stops = first(n).shape.map((d, i) => low[i]! + (d === 0 ? 0 : (d - 1) * steps[i]! + 1));
    return [slice(g, low, stops, steps)];
  },
  concat: (n, g) =>
    split(
      g,
      n.inputs.map((x) => x.shape[n.attrs.axis]!),
      n.attrs.axis,
    ),
  gather: (n, g) => {
    const [table, indices] = pair(n);
    const clamped = clamp(indices, 0, Math.max(0, table.shape[0]! - 1));
    return [scatterAdd(clamped, g, table.shape[0]!), null];
  },
  scatterAdd: (n, g) => [null, gather(g, first(n))],
  windows: (n, g) => [foldWindows(g, first(n).shape.slice(-n.attrs.sizes.length), n.attrs)],
  foldWindows: (n, g) => [windows(g, n.attrs)],
};

const isConstant = (e: Expr): boolean =>
  e.op === "constant" || (e.op === "broadcast" && isConstant(e.inputs[0]!));

/** A piece of a tensor, zeros around it along one axis: the gradient of a slice. */
interface Piece {
  readonly of: Expr;
  readonly axis: number;
  readonly from: number;
  readonly to: number;
}

function pieceOf(g: Expr): Piece | null {
  if (g.op !== "pad" || g.attrs.value !== 0 || g.attrs.steps.some((s) => s !== 1)) return null;
  const of = g.inputs[0]!;
  const axes = g.shape.flatMap((d, i) => (d === of.shape[i] ? [] : [i]));
  const [axis] = axes;
  if (axis === undefined || axes.length > 1) return null;
  const from = g.attrs.low[axis]!;
  return { of, axis, from, to: from + of.shape[axis]! };
}

/**
 * The sum of a tensor's gradients. Pieces that don't overlap, as when a tensor was split or read slice by slice, are put
 * side by side: adding whole tensors would take time that grows with the square of their number.
 */
function total(terms: readonly Expr[]): Expr {
  const pieces = terms.map(pieceOf);
  const axis = pieces.find((p) => p !== null)?.axis;
  const own = pieces
    .filter((p) => p !== null && p.axis === axis)
    .sort((a, b) => a!.from - b!.from) as Piece[];
  const apart = own.every((p, i) => i === 0 || own[i - 1]!.to <= p.from);
  if (axis === undefined || own.length < 2 || !apart) return terms.reduce((a, b) => add(a, b));
  const { shape, dtype } = terms[0]!;
  const parts: Expr[] = [];
  let done = 0;
  const zerosTo = (end: number): void => {
    if (end > done)
      parts.push(
        zeros(
          shape.map((d, i) => (i === axis ? end - done : d)),
          dtype,
        ),
      );
  };
  for (const { of, from, to } of own) {
    zerosTo(from);
    parts.push(of);
    done = to;
  }
  zerosTo(shape[axis]!);
  const others = terms.filter((_, i) => pieces[i]?.axis !== axis);
  return others.reduce((a, b) => add(a, b), concat(parts, axis));
}

/**
 * Gradients of a scalar with respect to each of `wrt` (same shapes and dtypes; zeros where it does not depend on one).
 * Throws `shape` when `loss` is not a float scalar.
 */
export function gradients(loss: Expr, wrt: readonly Expr[]): Expr[] {
  if (loss.shape.length !== 0 || !isFloat(loss.dtype)) {
    throw shapeError(
      "grad",
      `needs a float scalar, got ${loss.dtype} ${showShape(loss.shape)}`,
      "reduce the loss with mean() or sum()",
    );
  }
  const order = topologicalOrder([loss]);
  const dependsOn = new Set<Expr>(wrt);
  for (const node of order) {
    if (node.op !== "stopGradient" && node.inputs.some((x) => dependsOn.has(x))) dependsOn.add(node);
  }
  const terms = new Map<Expr, Expr[]>([[loss, [constant(1, { dtype: loss.dtype })]]]);
  for (const node of order.reverse()) {
    const own = terms.get(node);
    if (own === undefined || !node.inputs.some((x) => dependsOn.has(x))) continue;
    applyRule(rules, node, total(own)).forEach((gi, i) => {
      const x = node.inputs[i]!;
      if (gi !== null && dependsOn.has(x)) terms.set(x, [...(terms.get(x) ?? []), gi]);
    });
  }
  return wrt.map((x) => {
    const own = terms.get(x);
    const g = own === undefined ? zerosLike(x) : total(own);
    if (!sameShape(g.shape, x.shape))
      throw shapeError("grad", `internal: gradient ${showShape(g.shape)} of ${showShape(x.shape)}`);
    return g;
  });
}

/** H·v for the Hessian of `loss` at `wrt`: the gradient of ⟨∇loss, v⟩. */
export function hessianVectorProduct(loss: Expr, wrt: readonly Expr[], v: readonly Expr[]): Expr[] {
  const terms = gradients(loss, wrt).map((g, i) => dot(g, v[i]!));
  return gradients(
    terms.reduce((a, b) => add(a, b), constant(0, { dtype: loss.dtype })),
    wrt,
  );
}

/** A named tensor record, as models and optimizers use: parameter name → expression. */
export type Tensors = Readonly<Record<string, Expr>>;

/** The function that returns the gradients of f (scalar-valued) at its parameters. `grad(grad(f))`-style nesting works. */
export function grad<A extends readonly unknown[]>(
  f: (params: Tensors, ...rest: A) => Expr,
): (params: Tensors, ...rest: A) => Tensors {
  return (params, ...rest) => valueAndGrad(f)(params, ...rest)[1];
}

/**
 * The function that returns f's scalar value and its gradients at its parameters, each gradient in its
 * parameter's shape and dtype (zeros where f does not depend on it). Reverse mode; the result can be
 * differentiated again. Throws `shape` where f does not return a float scalar.
 */
export function valueAndGrad<A extends readonly unknown[]>(
  f: (params: Tensors, ...rest: A) => Expr,
): (params: Tensors, ...rest: A) => [Expr, Tensors] {
  return (params, ...rest) => {
    // f sees identities of its own, so that a parameter used elsewhere in the graph is not differentiated there
    const names = Object.keys(params);
    const own = names.map((n) => alias(params[n]!));
    const loss = f(Object.fromEntries(names.map((n, i) => [n, own[i]!])), ...rest);
    const gs = gradients(loss, own);
    return [loss, Object.fromEntries(names.map((n, i) => [n, gs[i]!]))];
  };
}

/** A distinct node with the same value: the reshape to its own shape, which the compiler removes. */
const alias = (x: Expr): Expr => makeNode("reshape", [x], {}, x.shape, x.dtype);
