/** The rectangle of a drawing: the surface's own domain, widened to the start, or what the paths went through. */
import type { Trajectory } from "./trajectory.ts";
import type { Surface } from "./types.ts";

type Interval = readonly [number, number];

/** Paths that flew off do not count: they are clipped. */
export function viewOf(
  { domain, minima }: Surface,
  from: ArrayLike<number>,
  trajectories: readonly Pick<Trajectory, "points" | "verdict">[],
): Interval[] {
  const calm = trajectories.filter(({ verdict }) => verdict.outcome !== "diverged");
  return Array.from(from, (start, i) => {
    const own = domain?.[i];
    if (own && start >= own[0] && start <= own[1]) return own;
    const along = own ?? [...minima.map((m) => m.at[i]!), ...calm.flatMap((t) => t.points.map((p) => p[i]!))];
    return padded([start, ...along].filter(Number.isFinite));
  });
}

function padded(values: readonly number[]): Interval {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const by = 0.1 * (high - low) || Math.max(1, Math.abs(low));
  return [low - by, high + by];
}
