/** One elementwise primitive as a C expression, for one element or a vector (see `Lanes`). */
import type { DType } from "../../../graph/dtype.ts";
import { applyRule, type Node, type NodeOf } from "../../../graph/expr.ts";
import type {
  BinaryPrimitive,
  ElementwisePrimitive,
  PolynomialPrimitive,
} from "../../../graph/primitives.ts";
import { uniformValue } from "../../nodes.ts";
import { oneByOne } from "./math.ts";
import { isVector, type Lanes, literal, tagOf, typeName } from "./types.ts";

/** An elementary function of vectors that the program's source must define. */
export type MathName = `${PolynomialPrimitive}_${"F" | "D"}`;

export interface ExpressionContext {
  readonly lanes: Lanes;
  /** The node's input as a C expression without side effects. */
  readonly input: (index: number) => string;
  readonly uses: (name: MathName) => void;
}

type Rule<P extends ElementwisePrimitive = ElementwisePrimitive> = (
  n: Node<P>,
  c: ExpressionContext,
) => string;

/** A uniform value, as wide as the loop's other values. */
export function uniform(dtype: DType, value: number, lanes: Lanes): string {
  if (!isVector(lanes)) return literal(dtype, value);
  if (dtype === "bool") return `splat_${tagOf(dtype, lanes)}(${value !== 0 ? -1 : 0})`;
  return `splat_${tagOf(dtype, lanes)}(${literal(dtype, value)})`;
}

export const expression = (e: NodeOf<ElementwisePrimitive>, c: ExpressionContext): string =>
  applyRule(rules, e, c);

const tag = (n: { readonly dtype: DType }, c: ExpressionContext): string => tagOf(n.dtype, c.lanes);
const inputDtype = (n: { readonly inputs: readonly { readonly dtype: DType }[] }): DType =>
  n.inputs[0]!.dtype;

const infix =
  (operator: string): Rule<BinaryPrimitive> =>
  (_, c) =>
    `${c.input(0)} ${operator} ${c.input(1)}`;

/** bool is 32 bits wide in loops of 4-byte lanes and 64 in loops of float64: C's masks have their operands' width. */
const compare =
  (operator: string): Rule<"eq" | "lt" | "le"> =>
  (_, c) =>
    `${c.input(0)} ${operator} ${c.input(1)}`;

const call =
  (name: string): Rule =>
  (n, c) =>
    `${name}_${tagOf(inputDtype(n), c.lanes)}(${n.inputs.map((_, i) => c.input(i)).join(", ")})`;

/** Elementary functions exist for vectors; a single element takes lane 0 of one, but not of libm's, called for each lane. */
const elementary: Rule<PolynomialPrimitive> = (n, c) => {
  const t = n.dtype === "float64" ? "D" : "F";
  c.uses(`${n.op}_${t}`);
  if (t === "D" && !isVector(c.lanes) && oneByOne.has(n.op)) return call(n.op)(n, c);
  const inputs = n.inputs.map((_, i) => (isVector(c.lanes) ? c.input(i) : `splat_${t}(${c.input(i)})`));
  return `${n.op}_${t}(${inputs.join(", ")})${isVector(c.lanes) ? "" : "[0]"}`;
};

const extreme: Rule<"max" | "min"> = (n, c) => {
  const bound = n.inputs.findIndex((x) => {
    const value = uniformValue(x);
    return (
      value !== null && !Number.isNaN(value) && (value !== 0 || (n.op === "max" && !Object.is(value, -0)))
    );
  });
  if (bound < 0 || !(n.dtype === "float32" || n.dtype === "float64")) return call(n.op)(n, c);
  const bounded = `${n.op === "max" ? "atleast" : "atmost"}_${tag(n, c)}(${c.input(1 - bound)}, ${c.input(bound)})`;
  // −0 is not below +0, which max has above it
  return uniformValue(n.inputs[bound]!) === 0 ? `${bounded} + ${literal(n.dtype, 0)}` : bounded;
};

const rules: { readonly [P in ElementwisePrimitive]: Rule<P> } = {
  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  div: (n, c) => (n.dtype === "int32" ? call("div")(n, c) : infix("/")(n, c)),
  max: extreme,
  min: extreme,
  eq: compare("=="),
  lt: compare("<"),
  le: compare("<="),
  and: infix("&"),
  or: infix("|"),
  not: (_, c) => `${isVector(c.lanes) ? "~" : "!"}${c.input(0)}`,
  neg: (_, c) => `-(${c.input(0)})`,
  abs: call("abs"),
  sign: call("sign"),
  floor: call("floor"),
  sqrt: call("sqrt"),
  rsqrt: (n, c) => `${literal(n.dtype, 1)} / sqrt_${tag(n, c)}(${c.input(0)})`,
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
  select: (n, c) => `sel_${tag(n, c)}(${c.input(0)}, ${c.input(1)}, ${c.input(2)})`,
  cast: (n, c) => cast(inputDtype(n), n.dtype, c),
  random: (n, c) => {
    const [k0, k1, counter] = [c.input(0), c.input(1), c.input(2)];
    const t = n.dtype === "float64" ? "d" : isVector(c.lanes) ? "F" : "f";
    if (n.attrs.kind === "normal")
      for (const f of ["log", "cos"] as const) c.uses(`${f}_${t === "d" ? "D" : "F"}`);
    return `${n.attrs.kind}_${t}(${k0}, ${k1}, ${counter})`;
  },
};

function cast(from: DType, to: DType, c: ExpressionContext): string {
  const x = c.input(0);
  const vector = isVector(c.lanes);
  if (from === to) return x;
  if (to === "bool") return `${x} != ${literal(from, 0)}`;
  if (from === "bool") {
    if (!vector) return `(${typeName[tagOf(to, c.lanes)]})${x}`;
    const one = uniform(to, 1, c.lanes);
    return to === "int32"
      ? `${x} & ${one}`
      : `(${typeName[tagOf(to, c.lanes)]})(${x} & (${typeName[tagOf("bool", c.lanes)]})${one})`;
  }
  if (to === "int32") return `whole_${tagOf(from, c.lanes)}(${x})`;
  const type = typeName[tagOf(to, c.lanes)];
  return vector ? `__builtin_convertvector(${x}, ${type})` : `(${type})${x}`;
}
