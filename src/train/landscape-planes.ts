/** The planes over which a run's loss can be drawn, without what draws them: the command line lists them. */

/** Two directions as random as the weights, the two of largest curvature, or those of the run's path. */
export const LANDSCAPE_PLANES = ["random", "hessian", "path"] as const;

/** One of `LANDSCAPE_PLANES`. */
export type LandscapePlane = (typeof LANDSCAPE_PLANES)[number];
