/** Places where a curve may change for a reason that is not the optimizer: each rule asks here before it blames. */
import type { GatheredRun } from "./gather.ts";

export type BoundaryKind = "restart" | "epoch" | "lr-change" | "new-series";

export interface Boundary {
  readonly kind: BoundaryKind;
  /** First loss point after the boundary. */
  readonly index: number;
  readonly step: number;
  /** The series that began, for `new-series`. */
  readonly names?: readonly string[];
}

/** Roles that start when they like: an evaluation after the first epoch says nothing about the objective. */
const INDEPENDENT = new Set(["validation", "validationAccuracy", "accuracy", "epoch", "skipped", "nanCount"]);

export function segment(run: GatheredRun): Boundary[] {
  return [...restarts(run), ...epochs(run), ...lrChanges(run), ...newSeries(run)].sort(
    (a, b) => a.index - b.index,
  );
}

/** A step that goes back, or a gap in the steps fifty times the usual one: a resumed or appended run. */
function restarts({ steps }: GatheredRun): Boundary[] {
  const out: Boundary[] = [];
  const span = steps[steps.length - 1]! - steps[0]!;
  const usual = span / Math.max(1, steps.length - 1);
  for (let i = 1; i < steps.length; i++) {
    const gap = steps[i]! - steps[i - 1]!;
    if (gap < 0 || (usual > 0 && gap > 50 * usual && steps.length > 20)) {
      out.push({ kind: "restart", index: i, step: steps[i]! });
    }
  }
  return out;
}

/** Whole epochs passed; none when every point is an epoch of its own. */
function epochs({ steps, epoch, log }: GatheredRun): Boundary[] {
  if (!epoch || log.stepUnit === "epoch") return [];
  const out: Boundary[] = [];
  for (let i = 1; i < steps.length; i++) {
    if (Math.floor(epoch[i]!) > Math.floor(epoch[i - 1]!))
      out.push({ kind: "epoch", index: i, step: steps[i]! });
  }
  return out.length * 3 > steps.length ? [] : out;
}

/** A jump of the rate by half or more between neighbours; ramps move less per point. */
function lrChanges({ steps, lr }: GatheredRun): Boundary[] {
  if (!lr) return [];
  const out: Boundary[] = [];
  const warm = Math.max(2, steps.length / 20);
  for (let i = 1; i < steps.length; i++) {
    const [a, b] = [lr[i - 1]!, lr[i]!];
    if (a > 0 && b > 0 && (b < a / 1.5 || (b > a * 1.5 && i > warm)))
      out.push({ kind: "lr-change", index: i, step: steps[i]! });
  }
  return out.length * 5 > steps.length ? [] : out;
}

function newSeries({ steps, log }: GatheredRun): Boundary[] {
  const [first, last] = [steps[0]!, steps[steps.length - 1]!];
  const started = new Map<number, string[]>();
  for (const series of log.series) {
    const at = series.steps[0];
    if (INDEPENDENT.has(series.role) || at === undefined || series.steps.length < 2) continue;
    const usual = (series.steps[series.steps.length - 1]! - at) / (series.steps.length - 1);
    if (at > first + Math.max(2 * usual, 0.05 * (last - first)))
      started.set(at, [...(started.get(at) ?? []), series.name]);
  }
  return [...started].flatMap(([step, names]) => {
    const index = steps.findIndex((s) => s >= step);
    return index > 0 ? [{ kind: "new-series" as const, index, step, names }] : [];
  });
}

/** The nearest boundary of these kinds within `reach` points, or null. */
export function boundaryNear(
  boundaries: readonly Boundary[],
  index: number,
  reach: number,
  kinds: readonly BoundaryKind[],
): Boundary | null {
  return boundaries.find((b) => kinds.includes(b.kind) && Math.abs(b.index - index) <= reach) ?? null;
}
