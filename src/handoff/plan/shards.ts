/** Memory of a process when parameters, gradients and optimizer state are shared out, as the exported project's `--shard` does. */
import type { ParamSpecs } from "../../nn/layer.ts";
import { numbersIn, type StepCost } from "./step-cost.ts";

/** What is gathered together: a transformer's blocks one by one, and what lies outside them. */
export interface Shares {
  readonly parts: number;
  /** Bytes of the largest part, which is whole while it computes. */
  readonly largestBytes: number;
}

/** templates/memory.py: each block of a list named `blocks`, and the whole for what is left. */
const BLOCK = /^(?:.*\.)?blocks\.\d+\./;

/** The parts of a model with these parameters. */
export function sharesOf(params: ParamSpecs, cost: Pick<StepCost, "parameters" | "bytes">): Shares {
  const parts = new Map<string, number>();
  for (const [name, spec] of Object.entries(params)) {
    const part = BLOCK.exec(name)?.[0] ?? "";
    parts.set(part, (parts.get(part) ?? 0) + numbersIn([spec]));
  }
  const bytesEach = cost.bytes.parameters / cost.parameters;
  return { parts: parts.size, largestBytes: Math.max(...parts.values()) * bytesEach };
}

/** Bytes of one process among `processes`: its share, and one part whole with its gradients. */
export function shardedBytes({ bytes }: StepCost, processes: number, { largestBytes }: Shares): number {
  const shared = bytes.parameters + bytes.gradients + bytes.optimizerState;
  const gathered = processes === 1 ? 0 : 2 * largestBytes;
  return shared / processes + gathered + bytes.activations + bytes.batch + bytes.buffers;
}
