/** The gradient noise scale of a run, at the parameters it has now. */
import { type NoiseScale, type NoiseScaleOptions, noiseScale } from "../curvature/index.ts";
import type { Backend } from "../engine/backend.ts";
import { keepsStatistics } from "../nn/freeze.ts";
import { stream } from "../random/index.ts";
import type { BuiltRun } from "./build.ts";
import { type RunObjective, runObjective } from "./objective.ts";

/** Options of `runNoiseScale`. */
export interface RunNoiseOptions
  extends Pick<NoiseScaleOptions, "minBatches" | "maxBatches" | "relativeError" | "onStep"> {
  /** The run's loss where it exists already; else one is compiled. */
  readonly objective?: RunObjective;
  readonly backend?: Backend;
  /** Of the rows drawn. Default the run's. */
  readonly seed?: number;
}

/** Small enough to tell |G|² from noise by their union, and never more than the run's own. */
const NOISE_ROWS = 64;

/** A batch-normalised model is measured on batches of its own size, since its gradient depends on it. */
export function runNoiseScale(
  run: BuiltRun,
  { backend, objective, seed = run.spec.seed, ...options }: RunNoiseOptions = {},
): Promise<NoiseScale> {
  const { plan, parts } = run;
  const usesBatch = keepsStatistics(parts.model);
  const batchSize = usesBatch
    ? plan.batchSize
    : Math.min(plan.batchSize, NOISE_ROWS, Math.max(1, Math.floor(plan.n / 8)));
  const { size, gradientOfRows } =
    objective ?? runObjective(run, { rows: "batch", ...(backend && { backend }) });
  const random = stream(seed, "noise");
  return noiseScale({
    ...options,
    size,
    batchSize,
    draw: (out) => {
      gradientOfRows(Int32Array.from(random.integers(batchSize, 0, plan.n)), out);
    },
  });
}
