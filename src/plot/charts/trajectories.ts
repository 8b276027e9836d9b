/** Paths of optimizers over a function of two coordinates: the map, before a pixel is drawn. */
import { type ResolvedAxis, resolveAxis } from "../axis.ts";

type Place = readonly [x: number, y: number];
type Interval = readonly [number, number];

/** One optimizer's path. */
export interface TrajectoryPath {
  readonly name: string;
  /** The start, then the place after each step. Values that are not finite end the path. */
  readonly points: readonly (readonly number[])[];
  /** Small print of the legend: "lr 0.02, there in 31 steps". */
  readonly note?: string;
  /** Which colour, dash and marker: default its place among the paths. */
  readonly slot?: number;
}

/** A function of two coordinates and the paths of optimizers over it: what `renderTrajectories` draws. */
export interface TrajectoryMap {
  readonly title: string;
  readonly subtitle?: string;
  readonly caption?: string;
  readonly x: { readonly label: string; readonly domain: Interval };
  readonly y: { readonly label: string; readonly domain: Interval };
  /** The function's values over the domain, ends included: row after row from the least y, each from the least x. */
  readonly grid: { readonly columns: number; readonly rows: number; readonly values: ArrayLike<number> };
  readonly minima?: readonly { readonly at: readonly number[]; readonly kind: "global" | "local" }[];
  readonly paths: readonly TrajectoryPath[];
  /** Draw the paths up to this step only. */
  readonly upTo?: number;
}

/** A piece of a path inside the frame. */
export type Polyline = Place[];

export interface PlannedPath {
  readonly name: string;
  readonly note: string;
  readonly slot: number;
  readonly lines: readonly Polyline[];
  /** Some of the places after whole steps, to be marked. */
  readonly marks: readonly Place[];
  /** Where the path ends, when that is in the frame. */
  readonly end: Place | null;
  /** Where it leaves the frame for good. */
  readonly exit: Place | null;
}

export interface TrajectoryPlan {
  readonly x: ResolvedAxis;
  readonly y: ResolvedAxis;
  /** Height above the lowest value on a log scale, as `grid`; NaN where the function has none. */
  readonly heights: Float64Array;
  readonly levels: readonly number[];
  readonly paths: readonly PlannedPath[];
  readonly starts: readonly Place[];
}

const LEVELS = 16;
/** Places marked on a path that runs to its end. */
export const MARKS = 12;

export function planTrajectories(map: TrajectoryMap): TrajectoryPlan {
  const { x, y, grid, paths, upTo = Number.POSITIVE_INFINITY } = map;
  const frame: Frame = [x.domain, y.domain];
  const shown = paths.map((p) => finitePart(p.points.slice(0, upTo + 1)));
  const starts = new Map(shown.flatMap((p) => (p[0] && inside(p[0], frame) ? [[p[0].join(), p[0]]] : [])));
  return {
    x: resolveAxis(x, x.domain, { target: 7 }),
    y: resolveAxis(y, y.domain, { target: 6 }),
    ...contours(grid.values),
    starts: [...starts.values()],
    paths: paths.map(({ name, note = "", slot }, i) => {
      const points = shown[i]!;
      const last = points.at(-1);
      const ends = last !== undefined && inside(last, frame);
      const lines = clip(points, frame);
      const stride = Math.max(1, Math.ceil((points.length - 1) / MARKS));
      return {
        name,
        note,
        slot: slot ?? i,
        lines,
        marks: points.filter((p, k) => k > 0 && k % stride === 0 && inside(p, frame)),
        end: ends ? last : null,
        exit: ends ? null : (lines.at(-1)?.at(-1) ?? null),
      };
    }),
  };
}

function finitePart(points: readonly (readonly number[])[]): Place[] {
  const end = points.findIndex((p) => !p.every(Number.isFinite));
  return points.slice(0, end < 0 ? points.length : end).map((p): Place => [p[0]!, p[1]!]);
}

/** Log-spaced levels from the floor of the basin to the highest value. */
function contours(values: ArrayLike<number>): { heights: Float64Array; levels: number[] } {
  const finite = Float64Array.from(values)
    .filter((v) => Number.isFinite(v))
    .sort();
  const min = finite[0] ?? 0;
  const above = (quantile: number): number =>
    (finite[Math.round(quantile * (finite.length - 1))] ?? min) - min;
  const top = above(1);
  // nearer the floor than a thousandth of the median nothing can be told apart
  const low = Math.max(above(0.003), 1e-3 * above(0.5), Number.MIN_VALUE);
  const heights = Float64Array.from(values, (v) =>
    Number.isFinite(v) ? Math.log(Math.max(v - min, low / 2)) : Number.NaN,
  );
  if (!(top > low)) return { heights, levels: [] };
  const [a, b] = [Math.log(low), Math.log(top)];
  return { heights, levels: Array.from({ length: LEVELS }, (_, k) => a + ((b - a) * k) / LEVELS) };
}

type Frame = readonly [x: Interval, y: Interval];

const inside = ([x, y]: Place, [[x0, x1], [y0, y1]]: Frame): boolean =>
  x >= x0 && x <= x1 && y >= y0 && y <= y1;

/** The pieces of a line inside the frame. */
function clip(points: readonly Place[], frame: Frame): Polyline[] {
  const lines: Polyline[] = [];
  let open: Polyline | null = null;
  if (points.length === 1 && inside(points[0]!, frame)) return [[points[0]!]];
  for (let i = 1; i < points.length; i++) {
    const piece = clipSegment(points[i - 1]!, points[i]!, frame);
    if (piece === null) {
      open = null;
      continue;
    }
    const [from, to] = piece;
    if (open === null || from !== points[i - 1]) {
      open = [from];
      lines.push(open);
    }
    open.push(to);
    if (to !== points[i]) open = null;
  }
  return lines;
}

/** Liang and Barsky's clipping; ends that lie inside are returned as they are. */
function clipSegment(a: Place, b: Place, frame: Frame): [Place, Place] | null {
  let [from, to] = [0, 1];
  for (const axis of [0, 1] as const) {
    const [lo, hi] = frame[axis];
    const by = b[axis] - a[axis];
    if (by === 0) {
      if (a[axis] < lo || a[axis] > hi) return null;
      continue;
    }
    const [t0, t1] = [(lo - a[axis]) / by, (hi - a[axis]) / by];
    from = Math.max(from, Math.min(t0, t1));
    to = Math.min(to, Math.max(t0, t1));
  }
  if (from > to) return null;
  const at = (t: number): Place => [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
  return [from === 0 ? a : at(from), to === 1 ? b : at(to)];
}
