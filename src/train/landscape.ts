/** The loss over a plane through a run's weights, and the shadow of its path on that plane. */
import {
  filterPlane,
  hessianPlane,
  type Objective,
  type Plane,
  type PlaneGrid,
  pathPlane,
  planeGrid,
  shadowOn,
} from "../curvature/index.ts";
import type { Backend } from "../engine/backend.ts";
import type { BuiltRun } from "./build.ts";
import type { LandscapePlane } from "./landscape-planes.ts";
import { flatParameters, runObjective } from "./objective.ts";

/** Options of `runLandscape`. */
export interface RunLandscapeOptions {
  /**
   * `random`: two filter-normalised directions. `hessian`: the two of largest curvature. `path`: the two along which
   * `path` moved most. Default random.
   */
  readonly plane?: LandscapePlane;
  /** Flat parameters at some steps of the run, oldest first: see `flatParameters`. Its weights now are added. */
  readonly path?: readonly ArrayLike<number>[];
  /** Samples along each axis. Default 17. */
  readonly samples?: number;
  /** Rows of the training data that the loss is the mean of. Default 64. */
  readonly rows?: number | "full";
  /** Ends of both axes in their own units. Default: what shows the path and the valley. */
  readonly reach?: number;
  /** Of the random directions. Default the run's. */
  readonly seed?: number;
  readonly backend?: Backend;
  /** Called now and then with the share that is done; false ends the work. */
  readonly onStep?: (share: number) => Promise<boolean>;
}

/** A cut through the loss of a network. */
export interface RunLandscape {
  readonly schema: "steepest.landscape/1";
  readonly plane: LandscapePlane;
  /** What each axis is, in words, and the curvature along it where the Hessian gave it. */
  readonly axes: readonly { readonly label: string; readonly eigenvalue: number | null }[];
  /** The loss; the run's weights lie at (0, 0). NaN where it is not finite. */
  readonly grid: PlaneGrid;
  /** The loss at the run's weights, over the same rows. */
  readonly loss: number;
  /** Shadows of the path's points, oldest first, with the weights now as the last. Empty without a path. */
  readonly path: readonly (readonly [number, number])[];
  /** Share of the path's squared distance from the weights now that lies in the plane; null without a path. */
  readonly inPlane: number | null;
  /** Rows that the loss is the mean of, and how many the training data has. */
  readonly rows: number;
  readonly of: number;
  readonly parameters: number;
}

/** Curvature's share of the work, about. */
const PLANE_SHARE = 0.3;

/**
 * Cuts the training loss along a plane through the weights that the run has now (Li et al. 2018). The run is not
 * changed. Null: ended by `onStep`. Throws `option` for a path that spans no plane, `non-finite` for weights whose loss
 * is no number.
 */
export async function runLandscape(
  built: BuiltRun,
  {
    plane: kind = "random",
    path = [],
    samples = 17,
    rows = 64,
    reach,
    seed = built.spec.seed,
    backend,
    onStep,
  }: RunLandscapeOptions = {},
): Promise<RunLandscape | null> {
  const objective = runObjective(built, { rows, dtype: built.spec.dtype, ...(backend && { backend }) });
  const loss = objective.loss();
  const points = path.length === 0 ? [] : [...path, flatParameters(built)];
  let stopped = false;
  const told = async (share: number): Promise<boolean> => {
    stopped ||= onStep !== undefined && !(await onStep(share));
    return !stopped;
  };
  const plane = await planeOf(kind, { built, objective, points, seed, told });
  if (plane === null) return null;
  const shadows = points.map((p) => shadowOn(plane, p));
  const at = shadows.map((s) => s.at);
  const grid = await planeGrid(objective, plane, {
    ...frame(at, { plane, reach, rise: riseOf(objective, points, loss) }),
    columns: samples,
    rows: samples,
    onStep: (made) => told(PLANE_SHARE + ((1 - PLANE_SHARE) * made) / samples ** 2),
  });
  if (grid === null) return null;
  const [off, far] = shadows.reduce(([o, d], s) => [o + s.off ** 2, d + s.distance ** 2], [0, 0]);
  return {
    schema: "steepest.landscape/1",
    plane: kind,
    axes: plane.axes.map(({ eigenvalue, share }, i) => ({
      label: labelOf(i, { eigenvalue, share }),
      eigenvalue: eigenvalue ?? null,
    })),
    grid,
    loss,
    path: at,
    inPlane: far > 0 ? 1 - off / far : null,
    rows: objective.rows,
    of: objective.of,
    parameters: objective.size,
  };
}

interface PlaneQuestion {
  readonly built: BuiltRun;
  readonly objective: Objective;
  readonly points: readonly ArrayLike<number>[];
  readonly seed: number;
  readonly told: (share: number) => Promise<boolean>;
}

async function planeOf(
  kind: RunLandscape["plane"],
  { built, objective, points, seed, told }: PlaneQuestion,
): Promise<Plane | null> {
  if (kind === "path") return pathPlane(points);
  if (kind === "random") {
    const shapes = Object.values(built.parts.model.params).map((p) => p.shape);
    return filterPlane(objective.point(), shapes, { seed });
  }
  const stop = Symbol("stop");
  try {
    return await hessianPlane(objective, {
      seed,
      onStep: async (products) => {
        if (!(await told(PLANE_SHARE * (1 - 0.8 ** products)))) throw stop;
      },
    });
  } catch (error) {
    if (error === stop) return null;
    throw error;
  }
}

function labelOf(
  i: number,
  { eigenvalue, share }: { eigenvalue?: number | undefined; share?: number | undefined },
): string {
  const place = i === 0 ? "first" : "second";
  if (eigenvalue !== undefined) return `${place} eigenvector, curvature ${eigenvalue.toPrecision(3)}`;
  if (share !== undefined) return `${place} direction of the path, ${(100 * share).toFixed(0)} % of it`;
  return `${place} random direction`;
}

/** How far the loss rises over what the picture should show: from the weights now to where the path began. */
function riseOf(objective: Objective, points: readonly ArrayLike<number>[], loss: number): number {
  const first = points[0];
  if (first === undefined) return loss;
  const now = objective.point();
  objective.moveTo(first);
  try {
    return Math.max(loss, objective.loss() - loss);
  } finally {
    objective.moveTo(now);
  }
}

/** Room around the path. */
const MARGIN = 0.25;

function frame(
  path: readonly (readonly [number, number])[],
  { plane, reach, rise }: { plane: Plane; reach: number | undefined; rise: number },
): { x: readonly [number, number]; y: readonly [number, number] } {
  const along = (i: 0 | 1): readonly [number, number] => {
    if (reach !== undefined) return [-reach, reach];
    const { eigenvalue, share } = plane.axes[i];
    // a filter-normalised step of 1 doubles the weights; a curved one climbs as far as the run came down
    const minReach =
      share !== undefined ? 0 : eigenvalue === undefined ? 1 : Math.sqrt((2 * rise) / Math.abs(eigenvalue));
    const own = path.map((p) => p[i]);
    const [low, high] = [Math.min(-minReach, ...own), Math.max(minReach, ...own)];
    const room = (MARGIN * (high - low)) / 2;
    return high > low ? [low - room, high + room] : [-1, 1];
  };
  return { x: along(0), y: along(1) };
}
