/** Traced expressions → ONNX operators, from the inputs to the results. */
import { applyRule, type Expr, isElementwise } from "../../engine/graph/expr.ts";
import { type Primitive, primitives } from "../../engine/graph/primitives.ts";
import { broadcastShapes, sameShape } from "../../engine/graph/shape.ts";
import { type Line, sizeLine } from "../batch-size.ts";
import { type Traces, type Trio, triosOf } from "../traces.ts";
import type { Builder } from "./builder.ts";
import type { Emitter } from "./emitter.ts";
import { unbroadcast } from "./match.ts";
import { iotaRow } from "./movement.ts";
import { matchPattern } from "./patterns.ts";
import { onnxRules } from "./rules.ts";

export interface EmitOptions {
  readonly b: Builder;
  /** The value of an input of the traced function. */
  readonly input: (name: string) => string;
}

/** Names of the results' values. Throws `handoff-batch`, and `handoff-operation` for what ONNX does not have. */
export function emitTraces(traces: Traces, { b, input }: EmitOptions): readonly string[] {
  const trios = triosOf(traces);
  const trioOf = new Map<Expr, Trio>(trios.map((trio) => [trio[0], trio]));
  const names = new Map<Expr, string>();
  let seen: string | null = null;
  const trio = (e: Expr): Trio => trioOf.get(e)!;
  const value = (e: Expr): string => {
    const found = names.get(e);
    if (found !== undefined) return found;
    const made = matchPattern(e, emit) ?? applyRule<Primitive, [Emitter], string>(onnxRules, e, emit);
    names.set(e, made);
    return made;
  };
  const linesOf = (three: Trio, pick: (e: Expr) => readonly number[]): readonly Line[] => {
    const [p, q, r] = [pick(three[0]), pick(three[1]), pick(three[2])];
    return p.map((first, i) => sizeLine([first, q[i]!, r[i]!], `a size of ${three[0].op}`));
  };
  const emit: Emitter = {
    b,
    value,
    input,
    trio,
    place: () => (seen === null ? "before the first parameter" : `after ${seen}`),
    x: (e, i) => value(e.inputs[i]!),
    aligned: (e) => alignedInputs(e, emit),
    shape: (e) => linesOf(trio(e), (at) => at.shape),
    lines: (e, pick) => linesOf(trio(e as Expr), pick as (at: Expr) => readonly number[]),
  };
  // in order, so that no value is asked for through a chain deeper than the stack
  for (const [e] of trios) {
    if (e.op === "input" && e.attrs.name.startsWith("param.")) seen = e.attrs.name.slice("param.".length);
    if (!isLazy(e)) value(e);
  }
  return traces[0].map(value);
}

/** Made where they are needed: alignment often spares them. */
const isLazy = (e: Expr): boolean => e.op === "broadcast" || e.op === "iota" || e.op === "input";

/** Works on shapes that align at the last axis. */
function alignedInputs(e: Expr, emit: Emitter): readonly string[] {
  const counter = (i: Expr): readonly number[] =>
    i.shape.map((size, k) => (i.op === "iota" && k !== i.attrs.axis ? 1 : size));
  const small = e.inputs.map((i) => (i.op === "iota" ? counter(i) : unbroadcast(i).shape));
  const common = small.reduce<readonly number[] | null>(
    (all, shape) => all && broadcastShapes(all, shape),
    [],
  );
  const fits = common !== null && sameShape(common, e.shape);
  if (!fits || !isElementwise(e) || primitives[e.op].arity === 1) return e.inputs.map(emit.value);
  return e.inputs.map((i) => (i.op === "iota" ? iotaRow(i, emit) : emit.value(unbroadcast(i))));
}
