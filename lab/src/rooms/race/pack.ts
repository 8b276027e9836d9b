/** A trajectory with its terms as flat arrays: cheap to send, and quick to read at any step. */
import { type DescentStep, distance, type Minimum, nearest, type Trajectory } from "steepest/surface";

/** One term of every update: values of step k (from 1) at `width * (k − 1)`. */
export interface Term {
  readonly name: string;
  /** 2: one for each coordinate; 1: one for both. */
  readonly width: number;
  readonly values: Float64Array;
}

export interface Packed {
  /** Steps made. */
  readonly made: number;
  /** x0, y0, x1, y1, … */
  readonly points: Float64Array;
  readonly losses: Float64Array;
  /** Norm of the surface's gradient at each point. */
  readonly slopes: Float64Array;
  /** To the nearest minimum; NaN where none is known. */
  readonly distances: Float64Array;
  /** The rate of each step; one fewer than points. */
  readonly lrs: Float64Array;
  readonly terms: readonly Term[];
}

export function pack(
  { points, losses, lrs, terms }: Trajectory,
  { lastSlope, minima }: { readonly lastSlope: number; readonly minima: readonly Minimum[] },
): Packed {
  const away = (at: readonly number[]): number => {
    const near = nearest(minima, at);
    return near === null ? Number.NaN : distance(near.at, at);
  };
  return {
    made: points.length - 1,
    points: Float64Array.from(points.flat()),
    losses: Float64Array.from(losses),
    slopes: Float64Array.from([...terms.map((t) => Math.hypot(...t.gradient)), lastSlope]),
    distances: Float64Array.from(points, away),
    lrs: Float64Array.from(lrs),
    terms: termsOf(terms),
  };
}

function termsOf(steps: readonly DescentStep[]): Term[] {
  const first = steps[0];
  if (first === undefined) return [];
  const column = (name: string, of: (s: DescentStep) => readonly number[] | undefined): Term[] => {
    const width = of(first)?.length;
    return width === undefined
      ? []
      : [{ name, width, values: Float64Array.from(steps.flatMap((s) => of(s) as readonly number[])) }];
  };
  return [
    ...column("θ", (s) => s.at),
    ...column("g", (s) => s.gradient),
    ...column("noise", (s) => s.noise ?? undefined),
    ...column("momentum", (s) => (s.momentum === undefined ? undefined : [s.momentum])),
    ...Object.keys(first.state).flatMap((key) => column(key, (s) => s.state[key])),
    ...Object.keys(first.corrected).flatMap((key) => column(key, (s) => s.corrected[key])),
    ...column("η", (s) => [s.lr]),
    ...column("Δ", (s) => s.update),
    ...column("|Δ/g|", (s) => s.effective),
    ...column("new θ", (s) => s.position),
  ];
}

export const termOf = (packed: Packed, name: string): Term | undefined =>
  packed.terms.find((t) => t.name === name);
