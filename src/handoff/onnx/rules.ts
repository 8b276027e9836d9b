/** One rule a primitive, to operators of opset 19; the table is complete by its type. */
import type { Expr } from "../../engine/graph/expr.ts";
import type { DType } from "../../engine/graph/index.ts";
import type { Primitive } from "../../engine/graph/primitives.ts";
import { SteepestError } from "../../run/errors.ts";
import { constantForm } from "../batch-size.ts";
import { sameConstant } from "../traces.ts";
import type { Emitter } from "./emitter.ts";
import type { Of } from "./match.ts";
import { dataTypes } from "./model-file.ts";
import {
  broadcast,
  foldWindows,
  gather,
  iota,
  pad,
  reshape,
  scatterAdd,
  slice,
  windows,
} from "./movement.ts";

type Rule<P extends Primitive> = (e: Of<P>, emit: Emitter) => string;

const unary =
  (op: string) =>
  (e: Expr, { b, x }: Emitter): string =>
    b.node(op, [x(e, 0)]);
const aligned =
  (op: string) =>
  (e: Expr, { b, aligned: inputs }: Emitter): string =>
    b.node(op, inputs(e));
const reduction =
  (op: string) =>
  (e: Of<"reduceSum" | "reduceMax" | "reduceMin">, { b, x }: Emitter): string =>
    b.node(op, [x(e, 0), b.integers(e.attrs.axes)], { keepdims: 0 });
const castTo = ({ b }: Emitter, name: string, dtype: DType | "int64"): string =>
  b.node("Cast", [name], { to: dataTypes[dtype] });

/** Truth values are compared as numbers. */
const ordering =
  (op: string) =>
  (e: Expr, emit: Emitter): string => {
    const inputs = emit.aligned(e);
    const bool = e.inputs[0]!.dtype === "bool";
    return emit.b.node(op, bool ? inputs.map((name) => castTo(emit, name, "int32")) : inputs);
  };

export const onnxRules: { readonly [P in Primitive]: Rule<P> } = {
  input: (e, { input }) => input(e.attrs.name),
  constant: (e, { b, trio }) => {
    const three = trio(e);
    if (typeof e.attrs.value !== "number") return b.constant(sameConstant(three), e.shape, e.dtype);
    const [p, q, r] = three.map((at) => (at.op === "constant" ? at.attrs.value : 0));
    const found = constantForm([Number(p), Number(q), Number(r)], "a constant");
    if (found.form === "number") return b.number(found.value, e.dtype);
    const rows = b.node("Cast", [b.node("Squeeze", [b.sizes([found.line])])], { to: dataTypes[e.dtype] });
    if (found.form === "line") return rows;
    if (found.form === "inverse") return b.node("Reciprocal", [rows]);
    return b.node("Div", [rows, b.node("Sub", [rows, b.number(1, e.dtype)])]);
  },
  iota,
  neg: unary("Neg"),
  exp: unary("Exp"),
  log: unary("Log"),
  // ONNX has neither; the sums lose what is below the last place of 1, 6e-8 in float32
  log1p: (e, { b, x }) => b.node("Log", [b.node("Add", [x(e, 0), b.number(1, e.dtype)])]),
  expm1: (e, { b, x }) => b.node("Sub", [b.node("Exp", [x(e, 0)]), b.number(1, e.dtype)]),
  sqrt: unary("Sqrt"),
  rsqrt: (e, { b, x }) => b.node("Reciprocal", [b.node("Sqrt", [x(e, 0)])]),
  sin: unary("Sin"),
  cos: unary("Cos"),
  tanh: unary("Tanh"),
  sigmoid: unary("Sigmoid"),
  erf: unary("Erf"),
  abs: unary("Abs"),
  sign: unary("Sign"),
  floor: unary("Floor"),
  not: unary("Not"),
  cast: (e, emit) => castTo(emit, emit.x(e, 0), e.dtype),
  stopGradient: (e, { x }) => x(e, 0),
  withGradient: (e, { x }) => x(e, 0),
  add: aligned("Add"),
  sub: aligned("Sub"),
  mul: aligned("Mul"),
  div: (e, emit) => {
    const { b } = emit;
    const [p, q] = emit.aligned(e);
    if (e.dtype !== "int32") return b.node("Div", [p!, q!]);
    // x/0 is 0 here and the end of the program there
    const zero = b.number(0, "int32");
    const none = b.node("Equal", [q!, zero]);
    const quotient = b.node("Div", [p!, b.node("Where", [none, b.number(1, "int32"), q!])]);
    return b.node("Where", [none, zero, quotient]);
  },
  pow: aligned("Pow"),
  max: aligned("Max"),
  min: aligned("Min"),
  eq: aligned("Equal"),
  lt: ordering("Less"),
  le: ordering("LessOrEqual"),
  and: aligned("And"),
  or: aligned("Or"),
  select: (e, emit) => {
    const { b } = emit;
    const [condition, yes, no] = emit.aligned(e);
    if (e.dtype !== "bool") return b.node("Where", [condition!, yes!, no!]);
    const other = b.node("And", [b.node("Not", [condition!]), no!]);
    return b.node("Or", [b.node("And", [condition!, yes!]), other]);
  },
  random: (_, emit) => {
    throw new SteepestError("handoff-operation", "ONNX can't draw the model's random numbers", {
      where: `in the model, ${emit.place()}`,
      help: "let the model draw in training only, where its context has a key",
    });
  },
  matrixFunction: (e, emit) => {
    throw new SteepestError("handoff-operation", `ONNX has no operation for ${e.attrs.fn.name}`, {
      where: `in the model, ${emit.place()}`,
      help: "leave matrix functions to the optimizer: a model is exported without it",
    });
  },
  reduceSum: reduction("ReduceSum"),
  reduceMax: reduction("ReduceMax"),
  reduceMin: reduction("ReduceMin"),
  argmax: (e, emit) =>
    castTo(emit, emit.b.node("ArgMax", [emit.x(e, 0)], { axis: e.attrs.axis, keepdims: 0 }), "int32"),
  matmul: (e, { b, value }) => {
    const { transposeA, transposeB } = e.attrs;
    const [p, q] = e.inputs as readonly [Expr, Expr];
    if (e.shape.length === 2)
      return transposeA || transposeB
        ? b.node("Gemm", [value(p), value(q)], { transA: Number(transposeA), transB: Number(transposeB) })
        : b.node("MatMul", [value(p), value(q)]);
    // the product aligns leading axes by itself
    const inner = (m: Expr): Expr =>
      m.op === "broadcast" && String(m.inputs[0]!.shape.slice(-2)) === String(m.shape.slice(-2))
        ? m.inputs[0]!
        : m;
    const side = (m: Expr, flip: boolean): string => {
      if (!flip) return value(m);
      const rank = m.shape.length;
      const perm = m.shape.map((_, i) => (i < rank - 2 ? i : i === rank - 2 ? rank - 1 : rank - 2));
      return b.node("Transpose", [value(m)], { perm });
    };
    const whole = inner(p) === p || inner(q) === q;
    const [left, right] = whole ? [inner(p), inner(q)] : [p, q];
    return b.node("MatMul", [side(left, transposeA), side(right, transposeB)]);
  },
  reshape,
  permute: (e, { b, x }) => b.node("Transpose", [x(e, 0)], { perm: e.attrs.axes }),
  broadcast,
  slice,
  pad,
  concat: (e, { b, x }) =>
    b.node(
      "Concat",
      e.inputs.map((_, i) => x(e, i)),
      { axis: e.attrs.axis },
    ),
  gather,
  scatterAdd,
  windows,
  foldWindows,
};
