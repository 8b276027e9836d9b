/** What became of a descent: which minimum it reached, where it blew up, or what it hangs at. */
import { symmetricEigenvalues } from "./eigenvalues.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Minimum, Surface } from "./types.ts";

/** "undefined": at a place where the function has no value or no slope. "flat": no slope and no curvature. */
export type Outcome = "converged" | "diverged" | "undefined" | "saddle" | "flat" | "going";

export interface Verdict {
  readonly outcome: Outcome;
  /** "converged": the first step from which on the path stays at the minimum. "diverged", "undefined": the last step made. */
  readonly step: number | null;
  /** The minimum reached: one known beforehand, else where the path ends. */
  readonly minimum: Minimum | null;
  /** From the last position to that minimum, or to the nearest known one. Null where none is known. */
  readonly distance: number | null;
  /** The same in words. */
  readonly text: string;
}

/** A path as far as a verdict looks at it. */
export interface Path {
  readonly points: readonly (readonly number[])[];
  readonly losses: readonly number[];
  /** Why the path was cut after its last point; null when it was not. */
  readonly cut: "diverged" | "undefined" | null;
  /** Largest norm of the gradient on the way. */
  readonly steepest: number;
  readonly lastGradient: number;
}

/** A gradient this much smaller than the largest on the way counts as none. */
const STILL = 1e-5;
/** Hessians beyond this many coordinates are not looked at. */
const MOST_COORDINATES = 60;

export const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.hypot(...Array.from(a, (v, i) => v - b[i]!));

/** Within this of a minimum a path has reached it: a thousandth of the domain's diagonal. */
export function reach({ domain, start }: Surface): number {
  const sides = domain?.map(([lo, hi]) => hi - lo) ?? start.map((s) => 2 * Math.max(1, Math.abs(s)));
  return 1e-3 * Math.hypot(...sides);
}

export function nearest(minima: readonly Minimum[], at: ArrayLike<number>): Minimum | null {
  return minima.reduce<Minimum | null>(
    (best, m) => (best === null || distance(m.at, at) < distance(best.at, at) ? m : best),
    null,
  );
}

export function judge(
  surface: Surface,
  path: Path,
  { radius, evaluate }: { radius: number; evaluate: Evaluator },
): Verdict {
  const { points, losses, cut } = path;
  const end = points.at(-1)!;
  const step = points.length - 1;
  if (cut === "diverged") return ended({ outcome: cut, step, text: `diverged at step ${step}` });
  if (cut === "undefined") {
    const text = `came at step ${step} to ${showPlace(end)}, where the function is undefined`;
    return ended({ outcome: cut, step, text });
  }
  const known = nearest(surface.minima, end);
  const away = known && distance(known.at, end);
  const reached = (minimum: Minimum): Verdict => {
    const kind = minimum.kind === "local" ? "local minimum" : "minimum";
    return {
      outcome: "converged",
      step: settledFrom(points, minimum.at, radius),
      minimum,
      distance: distance(minimum.at, end),
      text: `reached the ${kind} at ${showPlace(minimum.at)}`,
    };
  };
  if (known !== null && away! <= radius) return reached(known);
  const open = { step: null, minimum: null, distance: away };
  if (path.lastGradient > STILL * path.steepest || end.length > MOST_COORDINATES) {
    const higher = losses.at(-1)! > losses[0]!;
    return { ...open, outcome: "going", text: higher ? "still moving, above its start" : "still moving" };
  }
  const curvatures = symmetricEigenvalues(evaluate.hessian(end), end.length);
  const [least, most] = [curvatures[0]!, curvatures.at(-1)!];
  const size = Math.max(Math.abs(least), Math.abs(most));
  if (least < -1e-6 * size) {
    return {
      ...open,
      outcome: "saddle",
      text: `${most > 0 ? "stuck at a saddle" : "stuck at a maximum"} near ${showPlace(end)}`,
    };
  }
  if (!(most > 0) || size < 1e-9 * path.steepest) {
    return { ...open, outcome: "flat", text: `stuck on flat ground near ${showPlace(end)}` };
  }
  // an end that no table lists: other minima lie lower where the table says so
  const value = losses.at(-1)!;
  const lower = surface.minima.some((m) => m.value < value - 1e-6 * Math.max(1, Math.abs(value)));
  return reached({ at: end, value, kind: lower ? "local" : "global" });
}

const ended = (verdict: Pick<Verdict, "outcome" | "step" | "text">): Verdict => ({
  ...verdict,
  minimum: null,
  distance: null,
});

/** The first step from which on every point lies within the radius. */
function settledFrom(points: readonly (readonly number[])[], at: readonly number[], radius: number): number {
  let step = points.length - 1;
  while (step > 0 && distance(points[step - 1]!, at) <= radius) step--;
  return step;
}

/** "(1, −0.25)"; of many coordinates the first three. */
export function showPlace(at: readonly number[]): string {
  const shown = at.slice(0, 3).map((v) => String(Number(v.toPrecision(3))).replace("-", "−"));
  return `(${shown.join(", ")}${at.length > 3 ? ", …" : ""})`;
}
