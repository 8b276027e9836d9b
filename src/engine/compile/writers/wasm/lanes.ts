/** How many elements of a loop one 128-bit vector takes. */
import type { DType } from "../../../graph/dtype.ts";
import type { LoopKernel } from "../../kernels.ts";
import type { LoopPlan } from "../../passes/loop-plan.ts";

/** All lanes of a loop have one width: 4 elements, 2 when all it touches is float64, else 1. */
export function lanesOf(kernel: LoopKernel, plan: LoopPlan): 1 | 2 | 4 {
  const indexed = kernel.reductions.some((r) => r.node.op === "argmax");
  const widest = indexed || plan.sizes.length === 0 ? 1 : widestOf(kernel);
  return (plan.sizes[plan.vector] ?? 1) >= widest ? widest : 1;
}

function widestOf({ members, loads, stores, reductions }: LoopKernel): 1 | 2 | 4 {
  const inMemory: DType[] = [
    ...[...loads.values(), ...stores.map((s) => s.to)].map((o) => o.buffer.dtype),
    ...reductions.map((r) => r.value.dtype),
  ];
  const dtypes = new Set<DType>(inMemory);
  for (const m of members) {
    dtypes.add(m.dtype);
    for (const x of m.inputs) dtypes.add(x.dtype);
    if (m.op === "div" && m.dtype === "int32") return 1;
  }
  if (!dtypes.has("float64")) return 4;
  const onlyDouble = !dtypes.has("float32") && !dtypes.has("int32") && !inMemory.includes("bool");
  return onlyDouble && members.every((m) => m.op !== "random") ? 2 : 1;
}
