/** How wide the elements of a loop are that one vector takes. */
import type { DType } from "../../graph/dtype.ts";
import type { LoopKernel } from "../kernels.ts";

/**
 * All lanes of a loop have one width: 8 bytes if all it touches is float64, 4 if nothing is; null where elements are handled
 * one by one: mixed widths, whole division. Reductions to an index are the writer's question.
 */
export function laneBytes({ members, loads, stores, reductions }: LoopKernel): 4 | 8 | null {
  const inMemory: DType[] = [
    ...[...loads.values(), ...stores.map((s) => s.to)].map((o) => o.buffer.dtype),
    ...reductions.map((r) => r.value.dtype),
  ];
  const dtypes = new Set<DType>(inMemory);
  for (const m of members) {
    dtypes.add(m.dtype);
    for (const x of m.inputs) dtypes.add(x.dtype);
    if (m.op === "div" && m.dtype === "int32") return null;
  }
  if (!dtypes.has("float64")) return 4;
  const onlyDouble = !dtypes.has("float32") && !dtypes.has("int32") && !inMemory.includes("bool");
  return onlyDouble && members.every((m) => m.op !== "random") ? 8 : null;
}
