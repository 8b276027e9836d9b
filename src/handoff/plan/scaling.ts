/** Predicted speed and usefulness of more processes, from a step's cost, the network and the gradient's noise. */
import { expectedMaximum } from "./expected-maximum.ts";
import { bytesSent, type Network, ringAllReduce, ringPass } from "./ring.ts";

/** Seconds of one process's work on `rows` rows: what every step costs, and what each row adds. */
export interface Compute {
  readonly perStep: number;
  readonly perRow: number;
  /** No step is shorter: so long does the host take to start its kernels. Default 0. */
  readonly atLeast?: number;
}

/** `grow`: every process keeps the run's batch size, so the global batch grows. `keep`: they share the run's batch. */
export type BatchMode = "grow" | "keep";

/** Options of `predictScaling`. */
export interface ScalingOptions {
  readonly processes: readonly number[];
  readonly batchSize: number;
  readonly mode: BatchMode;
  readonly compute: Compute;
  readonly network: Network;
  /** Bytes of all gradients. */
  readonly gradientBytes: number;
  /** B_noise = tr(Σ)/|G|² in rows (McCandlish et al. 2018); null when it isn't known. */
  readonly noiseScale: number | null;
  /** Standard deviation of one process's time for a step, over its mean: all wait for the slowest. Default 0. */
  readonly jitter?: number;
  /**
   * Parameters are shared out (FSDP): each of so many parts is gathered for the forward and again for the backward pass, and
   * its gradients are summed where they belong. Without it every process holds all (DistributedDataParallel).
   */
  readonly shards?: number;
}

/** The prediction for one number of processes. */
export interface ScalingRow {
  readonly processes: number;
  readonly globalBatch: number;
  readonly rowsPerProcess: number;
  readonly secondsPerStep: number;
  readonly stepsPerSecond: number;
  readonly rowsPerSecond: number;
  /** Share of the step spent in sending when nothing of it hides behind compute. */
  readonly communication: number;
  /** Rows per second per process, relative to one process. */
  readonly efficiency: number;
  /** The same when sending hides as far as it can: behind the backward pass (two thirds of the compute), with shards behind all. */
  readonly efficiencyOverlapped: number;
  readonly bytesSentPerStep: number;
  /** Steps to a loss relative to one process: (1 + B_noise/B) / (1 + B_noise/B₁); null without a noise scale. */
  readonly steps: number | null;
  /** Time to the same loss, one process over this many; null without a noise scale. */
  readonly speedup: number | null;
}

/** Rows for process counts that divide the batch; `refused` says why the others have none. */
export interface Scaling {
  readonly rows: readonly ScalingRow[];
  readonly refused: readonly { readonly processes: number; readonly why: string }[];
}

/** DistributedDataParallel sums gradients in buckets: the first of 1 MiB, then of 25. */
const [FIRST_BUCKET, BUCKET] = [2 ** 20, 25 * 2 ** 20];
/** Beside the gradients each step sums the loss and whether somebody asked to stop: two 64-bit numbers. */
const CONTROL_BYTES = 16;

/** Seconds in which one step's gradients are summed. */
export function gradientTraffic(processes: number, gradientBytes: number, network: Network): number {
  const buckets = 1 + Math.ceil(Math.max(0, gradientBytes - FIRST_BUCKET) / BUCKET);
  return ringAllReduce(processes, gradientBytes, network, buckets);
}

/** Passes round the ring in a step: two of an all-reduce; with shards two all-gathers and a reduce-scatter. */
const passesOf = (shards: number | undefined): number => (shards === undefined ? 2 : 3);

/** Seconds of everything that is sent in one step. */
function stepTraffic(processes: number, { gradientBytes, network, shards }: ScalingOptions): number {
  const tensors =
    shards === undefined
      ? gradientTraffic(processes, gradientBytes, network)
      : passesOf(shards) * ringPass(processes, gradientBytes, network, shards);
  return tensors + ringAllReduce(processes, CONTROL_BYTES, network);
}

/** The backward pass computes two products for each of the forward pass. */
const BACKWARD_SHARE = 2 / 3;

/**
 * Seconds a step and rows a second for each number of processes: compute plus what goes round the ring. Numbers
 * that do not divide a batch that is kept are refused with the reason.
 */
export function predictScaling(options: ScalingOptions): Scaling {
  const { batchSize, mode, processes } = options;
  const one = rowOf(1, batchSize, options);
  const rows: ScalingRow[] = [];
  const refused: { processes: number; why: string }[] = [];
  for (const p of processes) {
    if (mode === "keep" && batchSize % p !== 0) {
      refused.push({ processes: p, why: `a batch of ${batchSize} does not divide by ${p}` });
      continue;
    }
    const row = rowOf(p, mode === "grow" ? batchSize : batchSize / p, options);
    const perProcess = (seconds: number): number => row.rowsPerProcess / seconds;
    const overlapped = overlappedSeconds(row, options);
    const steps = relativeSteps(row.globalBatch, batchSize, options.noiseScale);
    rows.push({
      ...row,
      efficiency: perProcess(row.secondsPerStep) / (batchSize / one.secondsPerStep),
      efficiencyOverlapped: perProcess(overlapped) / (batchSize / one.secondsPerStep),
      steps,
      speedup: steps === null ? null : one.secondsPerStep / (steps * row.secondsPerStep),
    });
  }
  return { rows, refused };
}

type BareRow = Omit<ScalingRow, "efficiency" | "efficiencyOverlapped" | "steps" | "speedup">;

function rowOf(p: number, rows: number, options: ScalingOptions): BareRow {
  const communication = stepTraffic(p, options);
  const seconds = slowestWork(p, rows, options) + communication;
  return {
    processes: p,
    globalBatch: p * rows,
    rowsPerProcess: rows,
    secondsPerStep: seconds,
    stepsPerSecond: 1 / seconds,
    rowsPerSecond: (p * rows) / seconds,
    communication: communication / seconds,
    bytesSentPerStep: bytesSent(p, options.gradientBytes, passesOf(options.shards)),
  };
}

function overlappedSeconds(row: BareRow, options: ScalingOptions): number {
  const work = slowestWork(row.processes, row.rowsPerProcess, options);
  const communication = row.secondsPerStep - work;
  const hiding = options.shards === undefined ? BACKWARD_SHARE : 1;
  return work + Math.max(0, communication - hiding * work);
}

export const secondsOf = ({ perStep, perRow, atLeast = 0 }: Compute, rows: number): number =>
  Math.max(atLeast, perStep + perRow * rows);

/** What the slowest of p processes takes, their times drawn from one normal distribution. */
const slowestWork = (p: number, rows: number, { compute, jitter = 0 }: ScalingOptions): number =>
  secondsOf(compute, rows) * (1 + jitter * expectedMaximum(p));

/** McCandlish et al. 2018, section 2.3: S/S_min = 1 + B_noise/B. */
function relativeSteps(batch: number, reference: number, noiseScale: number | null): number | null {
  return noiseScale === null ? null : (1 + noiseScale / batch) / (1 + noiseScale / reference);
}

/** Compute from timed steps at one or more batch sizes. One size alone can't tell the two apart: all is per row then. */
export function fitCompute(timings: readonly { readonly rows: number; readonly seconds: number }[]): Compute {
  const [first] = timings;
  if (timings.length === 1) return { perStep: 0, perRow: first!.seconds / first!.rows };
  const n = timings.length;
  const meanRows = timings.reduce((s, t) => s + t.rows, 0) / n;
  const meanSeconds = timings.reduce((s, t) => s + t.seconds, 0) / n;
  const slope =
    timings.reduce((s, t) => s + (t.rows - meanRows) * (t.seconds - meanSeconds), 0) /
    timings.reduce((s, t) => s + (t.rows - meanRows) ** 2, 0);
  const perRow = Math.max(0, slope);
  return { perStep: Math.max(0, meanSeconds - perRow * meanRows), perRow };
}
