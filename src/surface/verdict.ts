/** What became of a descent: which minimum it reached, where it blew up, or what it hangs at. */
import { inEigenbasis } from "./eigenvalues.ts";
import type { Evaluator } from "./evaluate.ts";
import { newtonStep } from "./newton-step.ts";
import type { Minimum, Surface } from "./types.ts";

/** "undefined": at a place where the function has no value or no slope. "flat": no slope and no curvature. */
export type Outcome = "converged" | "diverged" | "undefined" | "saddle" | "flat" | "going";

/** What became of a path. */
export interface Verdict {
  readonly outcome: Outcome;
  /** "converged": the first step from which on the path stays at the minimum. "diverged", "undefined": the last step made. */
  readonly step: number | null;
  /** The minimum reached: one known beforehand, else where the path ends. */
  readonly minimum: Minimum | null;
  /** From the last position to that minimum, or to the nearest one known. Null where none was known beforehand. */
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
}

/** A path is stuck at a saddle when it is this share of the radius off the line that leads there. */
const OFF_THE_RIDGE = 1e-6;
/** Curvature this much smaller than the largest counts as none. */
const NO_CURVATURE = 1e-9;
/** Hessians beyond this many coordinates are not looked at. */
const MAX_COORDINATES = 60;

/** The Euclidean distance of two points. */
export const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.hypot(...Array.from(a, (v, i) => v - b[i]!));

/** Within this of a minimum a path has reached it: a thousandth of the domain's diagonal. */
export function reach({ domain, start }: Surface): number {
  const sides = domain?.map(([lo, hi]) => hi - lo) ?? start.map((s) => 2 * Math.max(1, Math.abs(s)));
  return 1e-3 * Math.hypot(...sides);
}

/** The minimum nearest to a point; null where none is known. */
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
    const text = `came at step ${step} to ${showPlace(end, { below: radius })}, where the function is undefined`;
    return ended({ outcome: cut, step, text });
  }
  const known = nearest(surface.minima, end);
  const away = known && distance(known.at, end);
  const reached = (minimum: Minimum, apart: number | null): Verdict => {
    const several = surface.minima.filter((m) => m.kind === "global").length !== 1;
    const words = {
      global: several ? "a global minimum" : "the minimum",
      local: "a local minimum",
      unknown: "a minimum",
    };
    return {
      outcome: "converged",
      step: settledFrom(points, minimum.at, radius),
      minimum,
      distance: apart,
      text: `reached ${words[minimum.kind]} at ${showPlace(minimum.at, { below: radius })}`,
    };
  };
  if (known !== null && away! <= radius) return reached(known, away);
  const open = { step: null, minimum: null, distance: away };
  const going: Verdict = { ...open, outcome: "going", text: howItMoves(path, radius) };
  if (end.length > MAX_COORDINATES) return going;
  const directions = inEigenbasis(evaluate.hessian(end), evaluate.gradient(end));
  const size = Math.max(...directions.map((d) => Math.abs(d.value)));
  if (size === 0) {
    const level = directions.every((d) => d.component === 0);
    return level
      ? { ...open, outcome: "flat", text: `stuck on flat ground at ${showPlace(end, { below: radius })}` }
      : going;
  }
  // Newton's step along each eigenvector: how far the stationary place is
  const steps = directions.map(
    (d) => Math.abs(d.component) / Math.max(Math.abs(d.value), NO_CURVATURE * size),
  );
  if (steps.some((s) => !(s <= radius))) return going;
  if (!slopeVanishesNear(end, { evaluate, radius, shift: NO_CURVATURE * size })) return going;
  const down = directions.map((d) => d.value < -1e-6 * size);
  if (down.some(Boolean)) {
    if (steps.some((s, i) => down[i] && s > OFF_THE_RIDGE * radius)) return going;
    const what = down.every(Boolean) ? "maximum" : "saddle";
    return {
      ...open,
      outcome: "saddle",
      text: `stuck at a ${what} near ${showPlace(end, { below: radius })}`,
    };
  }
  const value = losses.at(-1)!;
  return reached({ at: end, value, kind: kindOf(value, surface) }, null);
}

/**
 * On exponential ground Newton's step is short everywhere, and the slope falls to 1/e of it; near a stationary place it
 * falls further (to 0.30 on x⁴, to 0.34 on x⁸), or is rounding already.
 */
function slopeVanishesNear(
  end: readonly number[],
  { evaluate, radius, shift }: { evaluate: Evaluator; radius: number; shift: number },
): boolean {
  const gradient = evaluate.gradient(end);
  const slope = Math.hypot(...gradient);
  if (slope * radius <= 1e-9 * Math.abs(evaluate.value(end))) return true;
  const step = newtonStep(evaluate.hessian(end), gradient, shift);
  const after = Math.hypot(...evaluate.gradient(end.map((v, i) => v + step[i]!)));
  return after <= 0.35 * slope;
}

function howItMoves({ points, losses }: Path, radius: number): string {
  const end = points.at(-1)!;
  const lately = points.slice(Math.floor(0.9 * (points.length - 1)));
  if (losses.at(-1)! > losses[0]!) return "still moving, above its start";
  return lately.every((p) => distance(p, end) < 1e-2 * radius) ? "hardly moving any more" : "still moving";
}

/** Of a minimum that no table lists. */
function kindOf(value: number, { minima }: Surface): Minimum["kind"] {
  const best = minima.find((m) => m.kind === "global");
  if (best === undefined) return "unknown";
  return value > best.value + 1e-6 * Math.max(1, Math.abs(best.value)) ? "local" : "global";
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

/** "(1, −0.25)", without digits beyond a thousandth of the largest coordinate, or of `below`; of many coordinates the first three. */
export function showPlace(at: readonly number[], { below = 0 }: { below?: number } = {}): string {
  const largest = Math.max(below, ...at.map(Math.abs));
  const digits = Math.max(0, 2 - Math.floor(Math.log10(largest || 1)));
  const show = (v: number): string =>
    String(largest < 1e5 && digits <= 100 ? Number(v.toFixed(digits)) : Number(v.toPrecision(3)));
  const shown = at.slice(0, 3).map((v) => (Number(show(v)) === 0 ? "0" : show(v).replace("-", "−")));
  return `(${shown.join(", ")}${at.length > 3 ? ", …" : ""})`;
}
