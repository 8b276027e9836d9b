/**
 * Instructions of one elementwise primitive, for one element (`lanes` 1) or a vector. Inside vector loops bool is a
 * mask of all-one lanes; for single elements it is 0 or 1.
 */
import type { DType } from "../../../graph/dtype.ts";
import { applyRule, type Expr, type Node, type NodeOf } from "../../../graph/expr.ts";
import type {
  BinaryPrimitive,
  ElementwisePrimitive,
  PolynomialPrimitive,
} from "../../../graph/primitives.ts";
import { uniformValue } from "../../nodes.ts";
import type { ValueType } from "./assembler/assembler.ts";
import type { PlainOp } from "./assembler/opcodes.ts";
import { emitRandom } from "./emit-random.ts";
import { f32x4Math, f64x2Math } from "./math/index.ts";
import type { OpContext } from "./op-context.ts";

/** The WebAssembly type that holds a value of this dtype. */
export const valueType = (dtype: DType, lanes: number): ValueType =>
  lanes > 1 ? "v128" : dtype === "float32" ? "f32" : dtype === "float64" ? "f64" : "i32";

type Prefix = "f32" | "f64" | "i32" | "f32x4" | "f64x2" | "i32x4";
const prefixOf = (dtype: DType, lanes: number): Prefix =>
  lanes === 1
    ? dtype === "float32" ? "f32" : dtype === "float64" ? "f64" : "i32"
    : dtype === "float32" ? "f32x4" : dtype === "float64" ? "f64x2" : "i32x4"; // biome-ignore format: two tables

export function constant({ f, lanes }: Pick<OpContext, "f" | "lanes">, dtype: DType, value: number): void {
  if (lanes === 1) {
    if (dtype === "float32") f.f32(value);
    else if (dtype === "float64") f.f64(value);
    else f.i32(value);
  } else if (dtype === "bool") f.splat("i32x4", value !== 0 ? -1 : 0);
  else f.splat(prefixOf(dtype, lanes) as "f32x4", value);
}

/** Emits the node's value from its inputs. */
export const emitOp = (e: NodeOf<ElementwisePrimitive>, c: OpContext): void => applyRule(rules, e, c);

type Rule<P extends ElementwisePrimitive = ElementwisePrimitive> = (n: Node<P>, c: OpContext) => void;
const inputDtype = (n: { readonly inputs: readonly Expr[] }): DType => n.inputs[0]!.dtype;

const op = (c: OpContext, dtype: DType, name: string): void => {
  c.f.op(`${prefixOf(dtype, c.lanes)}.${name}` as PlainOp);
};

/** Operators that exist under their own name for every type; integers compare signed. */
type NamedOperator = Exclude<BinaryPrimitive, "and" | "or" | "div" | "pow">;
const signedSuffix = new Set<NamedOperator>(["lt", "le", "max", "min"]);

const binary: Rule<NamedOperator> = (n, c) => {
  const dtype = inputDtype(n);
  const integer = dtype === "int32" || dtype === "bool";
  if (integer && c.lanes === 1 && (n.op === "max" || n.op === "min")) {
    c.push(0);
    c.push(1);
    c.push(0);
    c.push(1);
    c.f.op(n.op === "max" ? "i32.gt_s" : "i32.lt_s").op("select");
    return;
  }
  if (!integer && c.lanes > 1 && (n.op === "max" || n.op === "min")) {
    // against a number other than 0 the one-instruction form gives the same, NaN included
    const bound = n.inputs.findIndex((x) => (uniformValue(x) ?? 0) !== 0);
    if (bound >= 0 && !Number.isNaN(uniformValue(n.inputs[bound]!))) {
      c.push(1 - bound);
      c.push(bound);
      op(c, dtype, n.op === "max" ? "pmax" : "pmin");
      return;
    }
  }
  c.push(0);
  c.push(1);
  op(c, dtype, n.op + (integer && signedSuffix.has(n.op) ? "_s" : ""));
};

const plain =
  (name: string): Rule =>
  (n, c) => {
    c.push(0);
    op(c, inputDtype(n), name);
  };

const polynomial: Rule<PolynomialPrimitive> = (n, c) => {
  const double = n.dtype === "float64";
  const type = double ? "f64x2" : "f32x4";
  n.inputs.forEach((_, i) => {
    c.push(i);
    if (c.lanes === 1) c.f.op(`${type}.splat`);
  });
  (double ? f64x2Math : f32x4Math)[n.op](c);
  if (c.lanes === 1) c.f.lane(`${type}.extract_lane`, 0);
};

const bitwise =
  (name: "and" | "or"): Rule =>
  (_, c) => {
    c.push(0);
    c.push(1);
    c.f.op(c.lanes === 1 ? `i32.${name}` : `v128.${name}`);
  };

const rules: { readonly [P in ElementwisePrimitive]: Rule<P> } = {
  add: binary,
  sub: binary,
  mul: binary,
  max: binary,
  min: binary,
  eq: binary,
  lt: binary,
  le: binary,
  and: bitwise("and"),
  or: bitwise("or"),
  not: (_, c) => {
    c.push(0);
    c.f.op(c.lanes === 1 ? "i32.eqz" : "v128.not");
  },
  div: (n, c) => {
    if (n.dtype !== "int32") {
      c.push(0);
      c.push(1);
      op(c, n.dtype, "div");
      return;
    }
    // x/0 is 0 and −2³¹/−1 wraps, as in the interpreter; neither may trap
    const { f } = c;
    const quotient = f.local("i32");
    c.push(1);
    f.op("i32.eqz").if(
      () => f.i32(0).set(quotient),
      () => {
        c.push(1);
        f.i32(-1)
          .op("i32.eq")
          .if(
            () => {
              f.i32(0);
              c.push(0);
              f.op("i32.sub").set(quotient);
            },
            () => {
              c.push(0);
              c.push(1);
              f.op("i32.div_s").set(quotient);
            },
          );
      },
    );
    f.get(quotient).release("i32", quotient);
  },
  neg: (n, c) => {
    if (n.dtype !== "int32" || c.lanes > 1) return plain("neg")(n, c);
    c.f.i32(0);
    c.push(0);
    c.f.op("i32.sub");
  },
  abs: (n, c) => {
    if (n.dtype !== "int32" || c.lanes > 1) return plain("abs")(n, c);
    // (x ^ s) − s with s the sign spread over all bits
    c.push(0);
    c.push(0);
    c.f.i32(31).op("i32.shr_s").op("i32.xor");
    c.push(0);
    c.f.i32(31).op("i32.shr_s").op("i32.sub");
  },
  sign: (n, c) => {
    const { f } = c;
    if (n.dtype === "int32") {
      constant(c, "int32", 0);
      c.push(0);
      op(c, "int32", "lt_s");
      c.push(0);
      constant(c, "int32", 0);
      op(c, "int32", "lt_s");
      // masks are −1 in vectors: (x < 0) − (0 < x); single elements count the other way round
      op(c, "int32", "sub");
      if (c.lanes > 1) op(c, "int32", "neg");
      return;
    }
    if (c.lanes === 1) {
      const type = prefixOf(n.dtype, 1) as "f32" | "f64";
      constant(c, n.dtype, 1);
      c.push(0);
      f.op(`${type}.copysign`);
      c.push(0);
      c.push(0);
      f.op(`${type}.abs`);
      constant(c, n.dtype, 0);
      f.op(`${type}.gt`).op("select");
      return;
    }
    const type = prefixOf(n.dtype, c.lanes) as "f32x4" | "f64x2";
    c.push(0);
    constant(c, n.dtype, -0);
    f.op("v128.and");
    constant(c, n.dtype, 1);
    f.op("v128.or");
    c.push(0);
    c.push(0);
    f.op(`${type}.abs`);
    constant(c, n.dtype, 0);
    f.op(`${type}.gt`).op("v128.bitselect");
  },
  floor: plain("floor"),
  sqrt: plain("sqrt"),
  rsqrt: (n, c) => {
    constant(c, n.dtype, 1);
    c.push(0);
    op(c, n.dtype, "sqrt");
    op(c, n.dtype, "div");
  },
  exp: polynomial,
  log: polynomial,
  log1p: polynomial,
  expm1: polynomial,
  sin: polynomial,
  cos: polynomial,
  tanh: polynomial,
  sigmoid: polynomial,
  erf: polynomial,
  pow: polynomial,
  stopGradient: (_, c) => c.push(0),
  select: (_, c) => {
    c.push(1);
    c.push(2);
    c.push(0);
    c.f.op(c.lanes === 1 ? "select" : "v128.bitselect");
  },
  cast: (n, c) => {
    c.push(0);
    cast(c, inputDtype(n), n.dtype);
  },
  random: emitRandom,
};

/** Converts the value on the stack. Vectors keep their lane width (`canVectorize` sees to it). */
function cast(c: OpContext, from: DType, to: DType): void {
  const { f } = c;
  const vector = c.lanes > 1;
  if (from === to) return;
  if (to === "bool") {
    constant(c, from, 0);
    op(c, from, "ne");
  } else if (from === "bool") {
    if (vector) {
      constant(c, to, 1);
      f.op("v128.and");
    } else if (to === "float32") f.op("f32.convert_i32_s");
    else if (to === "float64") f.op("f64.convert_i32_s");
  } else if (to === "int32")
    f.op(
      vector ? "i32x4.trunc_sat_f32x4_s" : from === "float32" ? "i32.trunc_sat_f32_s" : "i32.trunc_sat_f64_s",
    );
  else if (from === "int32")
    f.op(vector ? "f32x4.convert_i32x4_s" : to === "float32" ? "f32.convert_i32_s" : "f64.convert_i32_s");
  else f.op(to === "float32" ? "f32.demote_f64" : "f64.promote_f32");
}
