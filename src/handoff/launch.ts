/** How many processes a run gets and where they meet. */

import type { BatchPlan } from "../data/index.ts";
import { SteepestError } from "../run/errors.ts";

/** How processes of a PyTorch training are started: torchrun's settings. */
export interface Launch {
  /** Processes on this machine. */
  readonly nproc: number;
  /** Machines: "2", or "1:4" for as many as come. */
  readonly nnodes: string;
  /** host:port of one of several machines. */
  readonly endpoint: string | null;
  readonly id: string | null;
  readonly maxRestarts: number;
  readonly python: string | undefined;
  /** Flags of train.py. */
  readonly flags: readonly string[];
}

/** The ends of "MIN:MAX", or of one number. */
export const minNodes = (nnodes: string): number => Number(nnodes.split(":")[0]);
export const maxNodes = (nnodes: string): number => Number(nnodes.split(":").at(-1));

/** Refuses processes that can't share a batch evenly, naming the numbers that fit. */
export function requireEvenShares({ stages }: BatchPlan, { nproc, nnodes }: Launch): void {
  const processes = nproc * minNodes(nnodes);
  const batchSize = stages.map((s) => s.size).find((size) => size % processes !== 0);
  if (batchSize === undefined) return;
  const below = Math.floor(batchSize / processes) * processes;
  const sizes = [below, below + processes].filter((s) => s > 0);
  const fitting = Array.from({ length: processes }, (_, i) => i + 1).filter((p) => batchSize % p === 0);
  throw new SteepestError(
    "batch-divide",
    `a batch of ${batchSize} rows does not divide by ${processes} processes`,
    {
      help: `use --batchSize ${sizes.join(" or ")}, or ${fitting.at(-1)} process${fitting.at(-1) === 1 ? "" : "es"}`,
    },
  );
}
