/** Buffers: of what the host sees at once, of other values when a kernel first asks for them. */
import type { ProgramSpec } from "../../backend.ts";
import { allocate } from "../../graph/dtype.ts";
import type { Expr } from "../../graph/expr.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { Buffer, Operand } from "../kernels.ts";
import type { Legalized } from "./legalize.ts";
import type { StateBuffers } from "./order.ts";

export interface Buffers {
  /** Inputs, state and outputs by name. */
  readonly named: ReadonlyMap<string, Buffer>;
  readonly states: readonly StateBuffers[];
  /** Where the elements of a node lie that is no view. */
  readonly of: (base: Expr) => Buffer;
  /** Where and how to read any node. */
  readonly operand: (x: Expr) => Operand;
}

type BufferContent = Omit<Buffer, "id">;

export function assignBuffers(spec: ProgramSpec, { roots, resolve }: Legalized): Buffers {
  let count = 0;
  const home = new Map<Expr, Buffer>();
  const assign = (base: Expr, content: BufferContent): Buffer => {
    const buffer = { id: count++, ...content };
    home.set(base, buffer);
    return buffer;
  };
  const empty = (e: Expr, kept: boolean): BufferContent => ({
    dtype: e.dtype,
    count: sizeOf(e.shape),
    kept,
  });

  const named = new Map<string, Buffer>();
  for (const leaf of [...spec.inputs, ...spec.state.map((s) => s.input)])
    named.set(leaf.attrs.name, assign(leaf, empty(leaf, true)));
  spec.outputs.forEach((o, i) => {
    named.set(o.name, assign(roots[i]!, empty(o.value, true)));
  });
  // a state's next value is computed beside the old one; order() lets it take the old one's place where that is safe
  const states = spec.state.map((s, i) => ({
    current: home.get(s.input)!,
    next: assign(roots[spec.outputs.length + i]!, empty(s.next, false)),
  }));

  const of = (base: Expr): Buffer => home.get(base) ?? assign(base, given(base) ?? empty(base, false));
  const operand = (x: Expr): Operand => {
    const { base, view } = resolve(x);
    return { buffer: of(base), view };
  };
  return { named, states, of, operand };
}

/** Constants and counters lie in memory from the start. */
function given(base: Expr): BufferContent | null {
  if (base.op === "iota") {
    const length = base.shape[base.attrs.axis]!;
    return { dtype: "int32", count: length, kept: true, data: Int32Array.from({ length }, (_, i) => i) };
  }
  if (base.op !== "constant") return null;
  const { value } = base.attrs;
  const data = allocate(base.dtype, sizeOf(base.shape));
  if (typeof value === "number") data.fill(value);
  else data.set(value);
  return { dtype: base.dtype, count: data.length, kept: true, data };
}
