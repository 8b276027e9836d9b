/** The search for a learning rate: the loss of parts of the run by their rate; above it the range test, where one was made. */
import type { Axis, Chart, Ghost, LinePanel, Rule } from "../chart.ts";
import { showValue } from "../numbers.ts";

/** What of `steepest.find-lr/1` is drawn. */
export interface RangeTestRecord {
  readonly suggestion: number | null;
  readonly reason: string;
  readonly lrMin: number | null;
  readonly lrRise: number | null;
  readonly lrDiverged: number | null;
  readonly curvatureLimit: number | null;
  readonly scheduleFactor?: number | null;
  /** Loss without training. */
  readonly reference?: number | null;
  readonly spread: readonly [number, number] | null;
  readonly plateau?: { readonly low: number; readonly high: number } | null;
  readonly curve: readonly {
    readonly lr: number;
    readonly loss: number | null;
    readonly smoothed: number | null;
  }[];
  readonly seeds?: readonly { readonly seed: number; readonly losses: readonly (number | null)[] }[];
  readonly shortRuns?: {
    readonly steps: number;
    readonly runs: readonly { readonly lr: number; readonly losses: readonly (number | null)[] }[];
  };
  readonly rules?: Readonly<Record<string, { readonly lr: number | null }>>;
}

/** Options of `rangeTestChart`. */
export interface RangeTestOptions {
  readonly title?: string;
  /** Names of the other tools' rules; by default their ids. */
  readonly ruleNames?: Readonly<Record<string, string>>;
}

/** Room right of the last rate, for the labels that crowd there. */
const ROOM = 10;

/**
 * What a search for the rate tried: losses over the rate on a logarithmic axis, with the suggestion, its
 * spread, and other tools' picks where a range test was made.
 */
export function rangeTestChart(
  record: RangeTestRecord,
  { title = "Learning rate", ruleNames = {} }: RangeTestOptions = {},
): Chart {
  const { suggestion, reason, spread, curve, shortRuns } = record;
  const rates = [...curve.map((p) => p.lr), ...(shortRuns?.runs ?? []).map((r) => r.lr)];
  const shown = [...rates, ...marks(record).map((r) => r.x)];
  const axis: Axis = {
    label: "learning rate",
    scale: "log",
    ...(shown.length > 0 && {
      domain: [Math.min(...shown), (curve.length > 0 ? ROOM : 1) * Math.max(...shown)] as const,
    }),
  };
  const panels: LinePanel[] = [sweepPanel(record, axis, ruleNames), shortPanel(record, axis)].flatMap((p) =>
    p === null ? [] : [p],
  );
  const range =
    spread && spread[0] < spread[1]
      ? `, the best between ${showValue(spread[0])} and ${showValue(spread[1])}`
      : "";
  const captions = [
    ...(curve.length > 0
      ? ["thin: raw losses of the range test; ticks: what other tools would pick from it"]
      : []),
    ...(shortRuns ? [`loss after ${shortRuns.steps} steps of the run at each rate`] : []),
  ];
  return {
    title: suggestion === null ? `${title}: none suggested` : `${title}: ${showValue(suggestion)}${range}`,
    subtitle: reason,
    caption: captions.join("; "),
    panels,
  };
}

function sweepPanel(
  record: RangeTestRecord,
  axis: Axis,
  ruleNames: Readonly<Record<string, string>>,
): LinePanel | null {
  const { curve, seeds = [] } = record;
  if (curve.length === 0) return null;
  const averaged = curve.filter((p) => p.smoothed !== null);
  const [first, lowest] = [averaged[0]?.smoothed ?? 1, Math.min(...averaged.map((p) => p.smoothed!))];
  // where the sweep runs away it must not set the scale: it leaves at the upper edge
  const ceiling = first + 0.6 * (first - lowest);
  const smoothed = upTo(
    ceiling,
    averaged.map((p) => [p.lr, p.smoothed!]),
  );
  const raw = seeds.map((s) => s.losses).filter((losses) => losses.length > 0);
  const ghosts = (raw.length > 0 ? raw : [curve.map((p) => p.loss)]).map((losses): Ghost => {
    const points = losses.flatMap((v, i): [number, number][] => (v === null ? [] : [[curve[i]!.lr, v]]));
    const kept = upTo(ceiling, points);
    return { x: kept.map(([x]) => x), y: kept.map(([, y]) => y), slot: 0 };
  });
  return {
    kind: "lines",
    x: axis,
    y: { label: "loss along the range test", scale: "auto" },
    series: [
      {
        name: "averaged",
        x: smoothed.map(([x]) => x),
        y: smoothed.map(([, y]) => y),
        slot: 0,
        endLabel: false,
      },
    ],
    ghosts,
    rules: [...marks(record), ...picks(record, ruleNames)],
    weight: 1.3,
  };
}

type Point = [lr: number, loss: number];

/** The points before the loss leaves through the ceiling for good, and where it does. */
function upTo(ceiling: number, points: readonly Point[]): Point[] {
  let minAt = 0;
  points.forEach(([, y], i) => {
    if (y < points[minAt]![1]) minAt = i;
  });
  const out = points.findIndex(([, y], i) => i > minAt && y > ceiling);
  const kept = out < 0 ? points : points.slice(0, out + 1);
  return kept.map(([x, y]) => [x, Math.min(y, ceiling)]);
}

function marks(record: RangeTestRecord): Rule[] {
  const { suggestion, scheduleFactor, lrMin, lrRise, lrDiverged, curvatureLimit } = record;
  const peak = suggestion === null ? null : suggestion * (scheduleFactor ?? 1);
  return (
    [
      [peak, "suggested", "info"],
      [lrMin, "lowest loss", "info"],
      [lrRise, "starts to rise", "warning"],
      [curvatureLimit, "limit by curvature", "warning"],
      [lrDiverged, "diverges", "critical"],
    ] as const
  ).flatMap(([x, label, tone]) => (x === null ? [] : [{ x, label: `${label} ${showValue(x)}`, tone }]));
}

const picks = ({ rules = {} }: RangeTestRecord, names: Readonly<Record<string, string>>): Rule[] =>
  Object.entries(rules).flatMap(([id, { lr }]) =>
    lr === null ? [] : [{ x: lr, label: names[id] ?? id, tone: "info" as const, tick: true }],
  );

/** Losses above the start tell nothing: a diverged run is drawn at the upper edge. */
function shortPanel(record: RangeTestRecord, axis: Axis): LinePanel | null {
  const { shortRuns, plateau, curve, suggestion } = record;
  const runs = shortRuns?.runs ?? [];
  if (runs.length === 0) return null;
  const start =
    record.reference ?? curve.find((p) => p.smoothed !== null)?.smoothed ?? Number.POSITIVE_INFINITY;
  const maxRuns = Math.max(...runs.map((r) => r.losses.length));
  return {
    kind: "lines",
    x: axis,
    y: { label: shortRuns?.steps ? `loss after ${shortRuns.steps} steps` : "loss", scale: "auto" },
    series: Array.from({ length: maxRuns }, (_, s) => {
      const own = runs.filter((r) => r.losses.length > s);
      return {
        name: maxRuns === 1 ? "part of the run" : `part of the run, seed ${s + 1}`,
        x: own.map((r) => r.lr),
        y: own.map((r) => Math.min(start, r.losses[s] ?? start)),
        slot: s + 1,
        endLabel: false,
      };
    }),
    ...(plateau && {
      ranges: [{ from: plateau.low, to: plateau.high, label: "as good as the best", tone: "info" as const }],
    }),
    ...(suggestion !== null && { rules: [{ x: suggestion, label: "suggested" }] }),
  };
}
