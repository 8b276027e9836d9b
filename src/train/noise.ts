/** The gradient noise scale of a run, at the parameters it has now. */
import { type NoiseScale, type NoiseScaleOptions, noiseScale } from "../curvature/index.ts";
import { rowCount } from "../data/index.ts";
import { stream } from "../random/index.ts";
import type { BuiltRun } from "./build.ts";
import { type ObjectiveOptions, runObjective } from "./objective.ts";

export interface RunNoiseOptions
  extends Pick<ObjectiveOptions, "backend">,
    Pick<NoiseScaleOptions, "least" | "most" | "relativeError" | "pulse"> {
  /** Rows of a batch. Default the run's, at most 64: small batches tell more for the same work. */
  readonly batchSize?: number;
}

const MOST_ROWS = 64;

export async function runNoiseScale(
  built: BuiltRun,
  { backend, batchSize = Math.min(MOST_ROWS, built.plan.batchSize), ...options }: RunNoiseOptions = {},
): Promise<NoiseScale> {
  const objective = runObjective(built, { rows: "batch", ...(backend && { backend }) });
  const n = rowCount(built.data.features);
  const random = stream(built.spec.seed, "noise-scale");
  return noiseScale({
    ...options,
    size: objective.size,
    batchSize,
    draw: (out) => {
      objective.gradientOfRows(Int32Array.from(random.integers(batchSize, 0, n)), out);
    },
  });
}
