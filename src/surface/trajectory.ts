/** A whole path: points, losses, terms, and what became of it. */
import { createDescent, type Descent, type DescentOptions, type DescentStep } from "./descent.ts";
import { type Evaluator, evaluator } from "./evaluate.ts";
import type { Surface } from "./types.ts";
import { judge, type Path, reach, type Verdict } from "./verdict.ts";

/** Options of `trajectory`. */
export interface TrajectoryOptions extends DescentOptions {
  readonly steps: number;
  /** Keep what every step did. Default false. */
  readonly terms?: boolean;
  /** A path has reached a minimum within this distance. Default: a thousandth of the domain's diagonal. */
  readonly tolerance?: number;
}

/** The path of an optimizer over a surface, and what became of it. */
export interface Trajectory {
  /** The start, then the position after each step; ends early when the path diverges. */
  readonly points: readonly (readonly number[])[];
  /** At each point; the last of a diverged path may not be finite. */
  readonly losses: readonly number[];
  /** The rate of each step. */
  readonly lrs: readonly number[];
  /** Empty unless asked for. */
  readonly terms: readonly DescentStep[];
  readonly verdict: Verdict;
}

/** The path has diverged when a coordinate is this many times the domain's size away. */
const FAR = 1e6;

/**
 * Lets an optimizer descend a surface for `steps` steps, and judges where it ends. Throws what
 * `createDescent` throws.
 */
export function trajectory(options: TrajectoryOptions): Trajectory {
  return follow(createDescent(options), options);
}

/** The path of a descent that stands at its start. An evaluator of one's own saves compiling one for each path. */
export function follow(
  descent: Descent,
  { surface, steps, terms: keep = false, tolerance = reach(surface), backend }: TrajectoryOptions,
  evaluate: Evaluator = evaluator(surface, backend === undefined ? {} : { backend }),
): Trajectory {
  const points = [Array.from(descent.position)];
  const losses = [descent.loss];
  const lrs: number[] = [];
  const terms: DescentStep[] = [];
  const bound = farAway(surface);
  let cut: Path["cut"] = null;
  for (let k = 1; k <= steps; k++) {
    descent.advance();
    points.push(Array.from(descent.position));
    losses.push(descent.loss);
    lrs.push(descent.lr);
    if (keep) terms.push(descent.last());
    cut = whyCut(descent, bound);
    if (cut !== null) break;
  }
  return {
    points,
    losses,
    lrs,
    terms,
    verdict: judge(surface, { points, losses, cut }, { radius: tolerance, evaluate }),
  };
}

function whyCut({ position, loss, gradient }: Descent, bound: number): Path["cut"] {
  // log and √ leave their domain at finite places; what grows without bound overflows sooner or later
  if (position.some((v) => !(Math.abs(v) <= bound)) || Math.abs(loss) === Infinity) return "diverged";
  return Number.isNaN(loss) || gradient.some((g) => !Number.isFinite(g)) ? "undefined" : null;
}

function farAway({ domain, start }: Surface): number {
  const sizes = domain?.flat() ?? start;
  return FAR * Math.max(1, ...sizes.map(Math.abs));
}
