/** Everything `steepest plan` says, as one record. */

import { type LargeBatchAdvice, largeBatchAdvice } from "../../optim/large-batch.ts";
import type { BuiltRun } from "../../train/build.ts";
import type { Network } from "./ring.ts";
import { type BatchMode, type Compute, gradientTraffic, predictScaling, type ScalingRow } from "./scaling.ts";
import { type Shares, shardedBytes, sharesOf } from "./shards.ts";
import { type StepCost, stepCost } from "./step-cost.ts";

/** A constant of the model and where it comes from: "measured: PyTorch 2.4, 1 thread", "given", "assumed: …". */
export interface Sourced<T> {
  readonly value: T;
  readonly source: string;
}

/** The gradient noise scale that a plan goes by. */
export interface NoiseScale {
  /** B_noise in rows. */
  readonly rows: number;
  readonly standardError: number | null;
}

/** A real run of this many processes, here. */
export interface MeasuredRun {
  readonly processes: number;
  readonly secondsPerStep: number;
  /** The same step while all run, but without summing gradients: what sharing one machine costs is in here. */
  readonly secondsApart: number;
}

/** The network's model against a real run: the step apart and the all-reduces it lacks, beside the step as it was. */
export interface Check extends MeasuredRun {
  readonly predictedSecondsPerStep: number;
}

/** One number of processes: what the model predicts, what was measured, and what that means for the batch. */
export interface PlanRow extends ScalingRow {
  /** Where so many processes really ran; all else in a row is the model's word. */
  readonly measuredSecondsPerStep: number | null;
  /** Bytes that one process holds. */
  readonly bytesPerProcess: number;
  readonly advice: LargeBatchAdvice;
}

/** The `steepest.plan/1` document. */
export interface Plan {
  readonly schema: "steepest.plan/1";
  readonly run: string;
  readonly optimizer: string;
  readonly batchSize: number;
  readonly mode: BatchMode;
  readonly cost: StepCost;
  /** Bytes summed over processes in every step. */
  readonly allReduceBytes: number;
  /** Where parameters are shared out among the processes (FSDP). */
  readonly shares: Shares | null;
  /** Standard deviation of one process's time for a step, over its mean. */
  readonly jitter: Sourced<number>;
  readonly compute: Sourced<Compute>;
  readonly network: Sourced<Network>;
  readonly noiseScale: Sourced<NoiseScale> | null;
  readonly measured: readonly MeasuredRun[];
  readonly checks: readonly Check[];
  readonly rows: readonly PlanRow[];
  readonly refused: readonly { readonly processes: number; readonly why: string }[];
  /** The smallest count of those asked at which the global batch exceeds the noise scale. */
  readonly enough: number | null;
}

/** What `makePlan` knows: constants of the machine and the network, each with where it comes from. */
export interface PlanOptions {
  readonly processes: readonly number[];
  readonly mode: BatchMode;
  readonly compute: Sourced<Compute>;
  readonly network: Sourced<Network>;
  readonly noiseScale: Sourced<NoiseScale> | null;
  readonly measured: readonly MeasuredRun[];
  readonly jitter: Sourced<number>;
  /** Whether parameters, gradients and optimizer state are shared out (FSDP). */
  readonly shard: boolean;
}

/**
 * Puts a plan together: memory, bytes sent, predicted speed for each number of processes, and where the
 * noise scale says that larger batches stop paying. Numbers of processes that do not divide the batch are
 * refused with the reason.
 */
export function makePlan(
  built: Pick<BuiltRun, "spec" | "parts" | "plan" | "lr">,
  { processes, mode, compute, network, noiseScale, measured, jitter, shard }: PlanOptions,
): Plan {
  const { batchSize } = built.plan;
  const cost = stepCost({ ...built.parts, batch: built.parts.shapes(batchSize) });
  const noise = noiseScale?.value.rows ?? null;
  const optimizer = built.spec.optimizer.name;
  const shares = shard ? sharesOf(built.parts.model.params, cost) : null;
  const { rows, refused } = predictScaling({
    processes,
    batchSize,
    mode,
    compute: compute.value,
    network: network.value,
    gradientBytes: cost.bytes.gradients,
    noiseScale: noise,
    jitter: jitter.value,
    ...(shares === null ? {} : { shards: shares.parts }),
  });
  return {
    schema: "steepest.plan/1",
    run: built.spec.name,
    optimizer,
    batchSize,
    mode,
    cost,
    allReduceBytes: cost.bytes.gradients,
    shares,
    jitter,
    compute,
    network,
    noiseScale,
    measured,
    checks: measured
      .filter((m) => m.processes > 1)
      .map((m) => ({
        ...m,
        predictedSecondsPerStep:
          m.secondsApart + gradientTraffic(m.processes, cost.bytes.gradients, network.value),
      })),
    rows: rows.map((row) => ({
      ...row,
      measuredSecondsPerStep: measured.find((m) => m.processes === row.processes)?.secondsPerStep ?? null,
      bytesPerProcess: shares === null ? cost.bytes.total : shardedBytes(cost, row.processes, shares),
      advice: largeBatchAdvice(row.globalBatch, { batchSize, optimizer, lr: built.lr, noiseScale: noise }),
    })),
    refused,
    enough: noise === null ? null : (rows.find((r) => r.globalBatch > noise)?.processes ?? null),
  };
}

/** Compute from a device's speed instead of a measurement. Utilisation is the share of its peak that training reaches. */
export function computeFromFlops(cost: StepCost, rows: number, flops: number, utilisation: number): Compute {
  const perRow = cost.flops.total / rows / (flops * utilisation);
  return { perStep: 0, perRow };
}
