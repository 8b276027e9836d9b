/** Expressions → lines of PyTorch. One rule a primitive; the table is complete by its type. */
import { type Expr, isElementwise } from "../engine/graph/expr.ts";
import type { Node, TypedArray } from "../engine/graph/index.ts";
import { type Primitive, primitives } from "../engine/graph/primitives.ts";
import type { MatrixFunctionName } from "../engine/matrix/functions.ts";
import { SteepestError } from "../run/errors.ts";
import { constantText, sizeText } from "./batch-size.ts";
import { pyDtype, pyNumber, pyTuple } from "./python-text.ts";
import { inputOf, sameConstant, type Traces, type Trio, triosOf } from "./traces.ts";

/** What a rule may use of its node. Numbers that depend on the batch size come as text in n. */
interface Parts {
  /** Input i as a tensor. */
  readonly x: (i: number) => string;
  /** Input i as a tensor or a number. */
  readonly v: (i: number) => string;
  /** The node's own shape, entry by entry. */
  readonly shape: readonly string[];
  /** Attribute `key`, a list of numbers. */
  readonly list: (key: string) => readonly string[];
  readonly number: (key: string) => string;
  readonly rank: (i: number) => number;
  readonly constant: () => string;
}

interface Scope<P extends Primitive> extends Parts {
  readonly node: Node<P>;
}

/** There is nothing in PyTorch for it. */
interface Missing {
  readonly missing: string;
}

type Rule<P extends Primitive> = ((s: Scope<P>) => string) | Missing;

const call =
  (name: string) =>
  ({ x }: Parts): string =>
    `${name}(${withoutParentheses(x(0))})`;
const infix =
  (sign: string) =>
  ({ v }: Parts): string =>
    `(${v(0)} ${sign} ${v(1)})`;
const both =
  (name: string) =>
  ({ x }: Parts): string =>
    `${name}(${withoutParentheses(x(0))}, ${withoutParentheses(x(1))})`;
const axesOf = ({ list, rank }: Parts): string =>
  list("axes").length === rank(0) ? "" : pyTuple(list("axes"));

/** Their names in traced.py; null where PyTorch's result is another: eigenvectors of equal eigenvalues are anybody's. */
const matrixFunctions: { readonly [F in MatrixFunctionName]: string | null } = {
  eigenvectors: null,
  powerIteration: null,
  inverseRoot: "inverse_root",
  solveTransposed: "solve_transposed",
};

const matrixHelpers = Object.values(matrixFunctions).filter((name) => name !== null);

const noCounterpart = (operation: string): SteepestError =>
  new SteepestError("handoff-operation", `PyTorch has no counterpart of the operation ${operation}`, {
    help: "write that part with other operations, or train with steepest's own engine",
  });

export const torchRules: { readonly [P in Primitive]: Rule<P> } = {
  input: () => {
    throw new Error("internal: an input has no name in Python");
  },
  constant: ({ constant }) => constant(),
  iota: ({ shape, number }) => `counter(${pyTuple(shape)}, ${number("axis")}, device)`,
  neg: ({ x }) => `(-${x(0)})`,
  exp: call("torch.exp"),
  log: call("torch.log"),
  log1p: call("torch.log1p"),
  expm1: call("torch.expm1"),
  sqrt: call("torch.sqrt"),
  rsqrt: call("torch.rsqrt"),
  sin: call("torch.sin"),
  cos: call("torch.cos"),
  tanh: call("torch.tanh"),
  sigmoid: call("torch.sigmoid"),
  erf: call("torch.erf"),
  abs: call("torch.abs"),
  sign: call("torch.sign"),
  floor: call("torch.floor"),
  not: ({ x }) => `(~${x(0)})`,
  cast: ({ node, x }) => `${x(0)}.to(${pyDtype(node.dtype)})`,
  stopGradient: ({ x }) => `${x(0)}.detach()`,
  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  div: ({ node, x, v }) =>
    node.dtype === "int32" ? `torch.div(${x(0)}, ${x(1)}, rounding_mode="trunc")` : `(${v(0)} / ${v(1)})`,
  pow: infix("**"),
  max: both("torch.maximum"),
  min: both("torch.minimum"),
  eq: infix("=="),
  lt: infix("<"),
  le: infix("<="),
  and: infix("&"),
  or: infix("|"),
  withGradient: ({ x }) => `with_slope(${x(0)}, ${x(1)}, ${x(2)})`,
  select: ({ x }) => `torch.where(${[x(0), x(1), x(2)].map(withoutParentheses).join(", ")})`,
  // numbers of PyTorch's own generator: the distribution is the same, the numbers are others
  random: ({ node, shape }) =>
    `torch.${node.attrs.kind === "uniform" ? "rand" : "randn"}(${pyTuple(shape)}, dtype=${pyDtype(node.dtype)}, device=device)`,
  reduceSum: (s) =>
    s.node.dtype === "int32"
      ? `${s.x(0)}.sum(${pyTuple(s.list("axes"))}, dtype=torch.int32)`
      : `${s.x(0)}.sum(${axesOf(s)})`,
  reduceMax: (s) => `${s.x(0)}.amax(${axesOf(s)})`,
  reduceMin: (s) => `${s.x(0)}.amin(${axesOf(s)})`,
  argmax: ({ x, number }) => `${x(0)}.argmax(${number("axis")}).to(torch.int32)`,
  matmul: ({ node: { attrs }, x }) => {
    const side = (i: number, flip: boolean): string => (flip ? `${x(i)}.transpose(-2, -1)` : x(i));
    return `(${side(0, attrs.transposeA)} @ ${side(1, attrs.transposeB)})`;
  },
  matrixFunction: ({ node, x }) => {
    const name = matrixFunctions[node.attrs.fn.name];
    if (name === null)
      throw noCounterpart("eigenvectors (those of equal eigenvalues are chosen otherwise there)");
    return `matrix_function(${name}, ${node.inputs.map((_, i) => withoutParentheses(x(i))).join(", ")})`;
  },
  reshape: ({ x, shape }) => `${x(0)}.reshape(${pyTuple(shape)})`,
  permute: ({ x, list }) => `${x(0)}.permute(${list("axes").join(", ")})`,
  broadcast: ({ x, shape }) => `${x(0)}.expand(${pyTuple(shape)})`,
  slice: ({ x, list, shape }) =>
    `cut(${x(0)}, ${pyTuple(list("starts"))}, ${pyTuple(list("steps"))}, ${pyTuple(shape)})`,
  pad: ({ node, x, list, shape }) =>
    `pad(${x(0)}, ${pyTuple(shape)}, ${pyTuple(list("low"))}, ${pyTuple(list("steps"))}, ${pyNumber(node.attrs.value)})`,
  concat: ({ node, x, number }) =>
    `torch.cat(${pyTuple(node.inputs.map((_, i) => x(i)))}, ${number("axis")})`,
  gather: ({ x }) => `rows_at(${x(0)}, ${x(1)})`,
  scatterAdd: ({ x, shape }) => `add_rows(${shape[0]}, ${x(0)}, ${x(1)})`,
  windows: ({ x, list }) =>
    `windows(${x(0)}, ${pyTuple(list("sizes"))}, ${pyTuple(list("strides"))}, ${pyTuple(list("dilations"))})`,
  foldWindows: {
    missing: "foldWindows (adding up overlapping windows; PyTorch's fold does it for images only)",
  },
};

/** Works on a number and a tensor alike, and aligns shapes by itself. */
const aligns = (e: Expr): boolean => isElementwise(e) && primitives[e.op].arity > 1 && e.op !== "random";

export interface Translated {
  readonly lines: readonly string[];
  /** The roots' names or expressions, in order. */
  readonly results: readonly string[];
  /** Names of traced.py that the lines use. */
  readonly helpers: readonly string[];
}

export interface TranslateOptions {
  /** What an input is called in Python. */
  readonly nameOf: (name: string) => string;
  /** Keeps a large constant and returns its text. */
  readonly keep: (values: TypedArray, shape: readonly number[]) => string;
}

/** Longest expression that is written inside another one. */
const INLINE = 64;

/** Roots of one function traced at the three sizes of TRACE_SIZES (three times the same where no batch is involved). */
export function translate(traces: Traces, { nameOf, keep }: TranslateOptions): Translated {
  const trios = triosOf(traces, neededBy);
  const uses = new Map<Expr, number>();
  for (const [e] of trios) for (const i of neededBy(e)) uses.set(i, (uses.get(i) ?? 0) + 1);
  const text = new Map<Expr, string>();
  const lines: string[] = [];
  const write = (e: Expr, expression: string): void => {
    const short = (uses.get(e) ?? 0) <= 1 && expression.length <= INLINE;
    if (short || /^[\w.]+(\["[^"]*"\])?$/.test(expression)) {
      text.set(e, expression);
      return;
    }
    const name = `t${lines.length + 1}`;
    lines.push(`${name} = ${withoutParentheses(expression)}`);
    text.set(e, name);
  };
  for (const trio of trios) {
    const [e] = trio;
    if (e.op === "input") text.set(e, nameOf(e.attrs.name));
    // numbers are written where they are used
    else if (numberOf(trio) === null) write(e, render(trio, { text, keep }));
  }
  const tensor = (e: Expr, k: number): string =>
    text.get(e) ?? filledTensor([e, traces[1][k]!, traces[2][k]!]);
  const results = traces[0].map((e, k) => withoutParentheses(tensor(e, k)));
  const all = [...lines, ...results].join("\n");
  const helpers = [
    ...["add_rows", "counter", "cut"],
    ...[...matrixHelpers, "matrix_function"].sort(),
    ...["pad", "rows_at", "windows", "with_slope"],
  ].filter((h) => all.includes(`${h}(`) || all.includes(`matrix_function(${h},`));
  return { lines, results, helpers };
}

/** Random numbers come from PyTorch's generator: their keys are not needed. */
const neededBy = (e: Expr): readonly Expr[] => (e.op === "random" ? [] : e.inputs);

/** The number a constant scalar stands for at every size, also behind a broadcast. */
function numberOf([a, b, c]: Trio): readonly [number, number, number] | null {
  if (a.op === "broadcast" || a.op === "reshape" || (a.op === "cast" && a.dtype !== "bool"))
    return numberOf(inputOf([a, b, c], 0));
  const value = (e: Expr): unknown => (e.op === "constant" ? e.attrs.value : null);
  const [x, y, z] = [value(a), value(b), value(c)];
  return typeof x === "number" && typeof y === "number" && typeof z === "number" ? [x, y, z] : null;
}

/** The constant behind broadcasts and reshapes. */
const scalar = (trio: Trio): Trio =>
  trio[0].op === "broadcast" || trio[0].op === "reshape" ? scalar(inputOf(trio, 0)) : trio;

function literal(trio: Trio): string | null {
  const found = numberOf(trio);
  if (found === null) return null;
  const text = constantText(found, "a constant");
  const plain = trio[0].dtype === "int32" ? text.replace(/^(-?\d+)\.0$/, "$1") : text;
  return plain.startsWith("-") ? `(${plain})` : plain;
}

const shapeOf = (trio: Trio): string[] =>
  trio[0].shape.map((d, i) =>
    sizeText([d, trio[1].shape[i]!, trio[2].shape[i]!], `the shape of ${trio[0].op}`),
  );

/** A number as a tensor of the node's shape. */
const filledTensor = (trio: Trio): string =>
  trio[0].shape.length === 0
    ? `torch.tensor(${literal(trio)}, dtype=${pyDtype(trio[0].dtype)}, device=device)`
    : `torch.full(${pyTuple(shapeOf(trio))}, ${literal(trio)}, dtype=${pyDtype(trio[0].dtype)}, device=device)`;

function render(
  trio: Trio,
  { text, keep }: { text: ReadonlyMap<Expr, string>; keep: TranslateOptions["keep"] },
): string {
  const [node] = trio;
  const rule = torchRules[node.op] as Rule<Primitive>;
  if (typeof rule !== "function") throw noCounterpart(rule.missing);
  const input = (i: number): Trio => inputOf(trio, i);
  const peeled = aligns(node) ? peel(node) : node.inputs;
  const numbers = node.inputs.map((_, i) => literal(input(i)));
  const x = (i: number): string =>
    text.get(peeled[i]!) ?? filledTensor(aligns(node) ? scalar(input(i)) : input(i));
  // of numbers alone there would be no tensor
  const someTensor = numbers.some((t) => t === null);
  const v = (i: number): string =>
    someTensor ? (numbers[i] ?? x(i)) : i === 0 ? filledTensor(scalar(input(0))) : numbers[i]!;
  const sizes = (pick: (e: Expr) => readonly number[]): string[] => {
    const three = trio.map(pick);
    return three[0]!.map((d, i) => sizeText([d, three[1]![i]!, three[2]![i]!], `the shape of ${node.op}`));
  };
  const attribute = (e: Expr, key: string): unknown => (e.attrs as Readonly<Record<string, unknown>>)[key];
  const scope: Scope<Primitive> = {
    node,
    x,
    v,
    shape: sizes((e) => e.shape),
    list: (key) => sizes((e) => attribute(e, key) as readonly number[]),
    number: (key) => sizes((e) => [attribute(e, key) as number])[0]!,
    rank: (i) => node.inputs[i]!.shape.length,
    constant: () => {
      const { value } = (node as Node<"constant">).attrs;
      return typeof value === "number" ? filledTensor(trio) : keep(sameConstant(trio), node.shape);
    },
  };
  return rule(scope);
}

/** Inputs without their broadcasts, where PyTorch's own alignment gives the same shape. */
function peel(node: Expr): readonly Expr[] {
  const inner = node.inputs.map((e) => (e.op === "broadcast" ? e.inputs[0]! : e));
  const shape = node.shape.map((_, k) => {
    const fromEnd = node.shape.length - k;
    return Math.max(1, ...inner.map((e) => (e.shape.length >= fromEnd ? e.shape.at(-fromEnd)! : 1)));
  });
  return shape.every((d, k) => d === node.shape[k]) ? inner : node.inputs;
}

/** (a + b) → a + b, where the parentheses belong together. */
function withoutParentheses(text: string): string {
  if (!text.startsWith("(")) return text;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0)
      return i === text.length - 1 && i > 1 ? text.slice(1, -1) : text;
  }
  return text;
}
