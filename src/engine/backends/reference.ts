import { type Backend, type Executable, type ProgramSpec, requireInputs, viewIn } from "../backend.ts";
import { allocate, type TypedArray } from "../graph/dtype.ts";
import { applyRule, type Expr, topologicalOrder } from "../graph/expr.ts";
import { sizeOf } from "../graph/shape.ts";
import { evaluate } from "../rules/evaluate.ts";

/** Values of expressions whose inputs are all given. */
export function interpret(
  roots: readonly Expr[],
  given: ReadonlyMap<Expr, ArrayLike<number>> = new Map(),
): Float64Array[] {
  const values = new Map<Expr, Float64Array>();
  for (const node of topologicalOrder(roots)) {
    const known = given.get(node);
    values.set(
      node,
      known === undefined
        ? applyRule(
            evaluate,
            node,
            node.inputs.map((x) => values.get(x)!),
          )
        : Float64Array.from(known),
    );
  }
  return roots.map((r) => values.get(r)!);
}

/** The readable float64 interpreter: the definition the other backends are checked against. */
export const reference: Backend = {
  name: "reference",
  compile: (spec: ProgramSpec): Executable => {
    requireInputs(spec);
    const leaves = [...spec.inputs, ...spec.state.map((s) => s.input)];
    // float32 tensors keep float64 values here, so that nothing is rounded between steps
    const store = (e: { shape: readonly number[]; dtype: Expr["dtype"] }): TypedArray =>
      allocate(e.dtype === "float32" ? "float64" : e.dtype, sizeOf(e.shape));
    const memory = new Map<string, TypedArray>();
    for (const leaf of leaves) memory.set(leaf.attrs.name, store(leaf));
    for (const out of spec.outputs) memory.set(out.name, store(out.value));
    const roots = [...spec.outputs.map((o) => o.value), ...spec.state.map((s) => s.next)];
    return {
      view: viewIn(memory),
      run: () => {
        const given = new Map<Expr, ArrayLike<number>>(
          leaves.map((leaf) => [leaf, memory.get(leaf.attrs.name)!]),
        );
        const values = interpret(roots, given);
        spec.outputs.forEach((o, i) => {
          memory.get(o.name)!.set(values[i]!);
        });
        spec.state.forEach((s, i) => {
          memory.get(s.input.attrs.name)!.set(values[spec.outputs.length + i]!);
        });
      },
      bytes: [...memory.values()].reduce((n, a) => n + a.byteLength, 0),
      notes: { backend: "reference" },
    };
  },
};
