/** A backend that holds a program's tensors but never runs it: for runs whose steps are made elsewhere. */
import type { Backend } from "../engine/backend.ts";
import { allocate, sizeOf, type TypedArray } from "../engine/graph/index.ts";
import { SteepestError } from "../run/errors.ts";

/** Bound by nothing but the machine's memory: a program too large for WebAssembly can still be handed over. */
export const planningBackend = (name: string): Backend => ({
  name,
  compile: ({ inputs, state, outputs }) => {
    const tensors = new Map<string, TypedArray>();
    const hold = (
      key: string,
      { shape, dtype }: { shape: readonly number[]; dtype: Parameters<typeof allocate>[0] },
    ) => tensors.set(key, allocate(dtype, sizeOf(shape)));
    // batches are filled elsewhere; scalars may be written to
    for (const i of inputs) hold(i.attrs.name, i.shape.length === 0 ? i : { ...i, shape: [0] });
    for (const s of state) hold(s.input.attrs.name, s.input);
    for (const o of outputs) hold(o.name, { ...o.value, shape: [] });
    return {
      view: (key) => tensors.get(key)!,
      run: () => {
        throw new SteepestError("handoff-run", "this run was built to be handed over, not to be stepped");
      },
      bytes: [...tensors.values()].reduce((n, t) => n + t.byteLength, 0),
      notes: { backend: name },
    };
  },
});
