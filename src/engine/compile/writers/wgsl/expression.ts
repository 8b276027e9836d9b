/** One elementwise primitive as a WGSL expression of one element. */
import type { DType } from "../../../graph/dtype.ts";
import { applyRule, type Node, type NodeOf } from "../../../graph/expr.ts";
import type {
  BinaryPrimitive,
  ElementwisePrimitive,
  PolynomialPrimitive,
} from "../../../graph/primitives.ts";
import type { MathName } from "./math.ts";
import { literal, typeName } from "./types.ts";

/** A function that the program's text must define. */
export type FunctionName = MathName | "random_uniform" | "random_normal";

export interface ExpressionContext {
  /** The node's input as an expression without side effects. */
  readonly input: (index: number) => string;
  readonly uses: (name: FunctionName) => void;
}

type Rule<P extends ElementwisePrimitive = ElementwisePrimitive> = (
  n: Node<P>,
  c: ExpressionContext,
) => string;

export const expression = (e: NodeOf<ElementwisePrimitive>, c: ExpressionContext): string =>
  applyRule(rules, e, c);

const inputDtype = (n: { readonly inputs: readonly { readonly dtype: DType }[] }): DType =>
  n.inputs[0]!.dtype;

const infix =
  (operator: string): Rule<BinaryPrimitive> =>
  (_, c) =>
    `${c.input(0)} ${operator} ${c.input(1)}`;

/** bool is ordered as 0 and 1. */
const compare =
  (operator: string): Rule<"eq" | "lt" | "le"> =>
  (n, c) => {
    const [a, b] = [c.input(0), c.input(1)].map((x) => (inputDtype(n) === "bool" ? `u32(${x})` : x));
    return `${a} ${operator} ${b}`;
  };

const call =
  (name: string): Rule =>
  (n, c) =>
    `${name}(${n.inputs.map((_, i) => c.input(i)).join(", ")})`;

/** By the type of the input: WGSL's own where it has no NaN, ours where it may. */
const byType =
  (whole: string, float: string): Rule =>
  (n, c) =>
    call(inputDtype(n) === "float32" ? float : whole)(n, c);

const elementary: Rule<PolynomialPrimitive> = (n, c) => {
  c.uses(n.op);
  return `${n.op}_f(${n.inputs.map((_, i) => c.input(i)).join(", ")})`;
};

const rules: { readonly [P in ElementwisePrimitive]: Rule<P> } = {
  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  div: (n, c) => (n.dtype === "int32" ? call("div_i")(n, c) : infix("/")(n, c)),
  max: byType("max", "max_f"),
  min: byType("min", "min_f"),
  eq: compare("=="),
  lt: compare("<"),
  le: compare("<="),
  and: infix("&"),
  or: infix("|"),
  not: (_, c) => `!${c.input(0)}`,
  neg: (_, c) => `-(${c.input(0)})`,
  abs: call("abs"),
  sign: byType("sign", "sign_f"),
  floor: (n, c) => (n.dtype === "float32" ? `floor(${c.input(0)})` : c.input(0)),
  sqrt: call("sqrt_f"),
  rsqrt: (_, c) => `1.0f / sqrt_f(${c.input(0)})`,
  exp: elementary,
  log: elementary,
  log1p: elementary,
  expm1: elementary,
  sin: elementary,
  cos: elementary,
  tanh: elementary,
  sigmoid: elementary,
  erf: elementary,
  pow: elementary,
  stopGradient: (_, c) => c.input(0),
  select: (_, c) => `select(${c.input(2)}, ${c.input(1)}, ${c.input(0)})`,
  cast: (n, c) => cast(inputDtype(n), n.dtype, c.input(0)),
  random: (n, c) => {
    const name: FunctionName = `random_${n.attrs.kind}`;
    c.uses(name);
    return `${name}(${c.input(0)}, ${c.input(1)}, ${c.input(2)})`;
  },
};

function cast(from: DType, to: DType, x: string): string {
  if (from === to) return x;
  if (to === "bool") return from === "float32" ? `${x} != ${literal(from, 0)}` : `${x} != 0`;
  if (to === "int32" && from === "float32") return `whole(${x})`;
  return `${typeName(to)}(${x})`;
}

/** What WGSL leaves open: NaN among extremes, roots of special values, whole numbers divided by 0 or made of floats out of range. And `quotient`, see kernel-text.ts. */
export const operators = `fn max_f(a: f32, b: f32) -> f32 { return select(select(b, a, a > b || is_nan(a)), b, is_nan(b)); }
fn min_f(a: f32, b: f32) -> f32 { return select(select(b, a, a < b || is_nan(a)), b, is_nan(b)); }
fn sign_f(x: f32) -> f32 { return select(select(select(0.0f, -1.0f, x < 0.0f), 1.0f, x > 0.0f), x, is_nan(x)); }
fn sqrt_f(x: f32) -> f32 { return select(select(sqrt(x), bitcast<f32>(nan_bits), x < 0.0f), x, x == 0.0f || is_nan(x) || (is_inf(x) && x > 0.0f)); }
fn div_i(a: i32, b: i32) -> i32 { return select(a / select(b, 1, b == 0 || (a == i32(-2147483647 - 1) && b == -1)), select(0, a, b != 0), b == 0 || (a == i32(-2147483647 - 1) && b == -1)); }
fn quotient(a: u32, n: u32) -> u32 { return u32(i32((f32(i32(a)) + 0.5f) / f32(i32(n)))); }
fn whole(x: f32) -> i32 {
  if (is_nan(x)) { return 0; }
  if (x >= 2147483648.0f) { return 2147483647; }
  if (x <= -2147483648.0f) { return i32(-2147483647 - 1); }
  return i32(x);
}
`;
