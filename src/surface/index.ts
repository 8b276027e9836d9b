/** Functions to descend, and optimizers descending them step by step. */
export {
  createDescent,
  type Descent,
  type DescentOptimizer,
  type DescentOptions,
  type DescentStep,
} from "./descent.ts";
export { symmetricEigenvalues } from "./eigenvalues.ts";
export {
  type Evaluator,
  evaluator,
  type GridOptions,
  type SurfaceGrid,
  surfaceGrid,
  valueAt,
} from "./evaluate.ts";
export { type FormulaOptions, parseFormula } from "./formula/parse.ts";
export { findSurface, makeSurface, surfaces } from "./surfaces.ts";
export type { Terms } from "./terms.ts";
export { follow, type Trajectory, type TrajectoryOptions, trajectory } from "./trajectory.ts";
export { RATES, type TunedTrajectory, tunedTrajectory } from "./tune-rate.ts";
export type { Minimum, Surface, SurfaceOptions, SurfaceRow } from "./types.ts";
export { distance, nearest, type Outcome, reach, showPlace, type Verdict } from "./verdict.ts";
export { viewOf } from "./view.ts";
