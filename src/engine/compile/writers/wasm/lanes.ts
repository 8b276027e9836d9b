/** How many elements of a loop one 128-bit vector takes. */
import type { LoopKernel } from "../../kernels.ts";
import { laneBytes } from "../../passes/lane-bytes.ts";
import type { LoopPlan } from "../../passes/loop-plan.ts";

/** All lanes of a loop have one width: 4 elements, 2 when all it touches is float64, else 1. */
export function lanesOf(kernel: LoopKernel, plan: LoopPlan): 1 | 2 | 4 {
  const indexed = kernel.reductions.some((r) => r.node.op === "argmax");
  const bytes = indexed || plan.sizes.length === 0 ? null : laneBytes(kernel);
  const widest = bytes === null ? 1 : bytes === 8 ? 2 : 4;
  return (plan.sizes[plan.vector] ?? 1) >= widest ? widest : 1;
}
