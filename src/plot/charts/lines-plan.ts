/** What a panel of curves shows, before a pixel is drawn: axes, averaged and thinned curves, gaps, the room its labels need. */
import { type ResolvedAxis, resolveAxis } from "../axis.ts";
import type { Chart, LinePanel, LineSeries } from "../chart.ts";
import { showValue } from "../numbers.ts";
import { debiasedEma, type Gap, gapsOf, thin } from "../smooth.ts";
import { textWidth } from "../svg.ts";
import type { Tone } from "../theme/index.ts";

export const TICK = 11;
export const LABEL = 12;
/** Up to this many points each is marked. */
const MARK_UP_TO = 40;

export type Point = [x: number, y: number];

/** One curve of a panel as it is drawn: averaged, thinned, with its gaps. */
export interface Curve {
  readonly name: string;
  readonly slot: number;
  readonly colour?: string;
  readonly smooth: number;
  readonly steps: boolean;
  readonly line: readonly Point[];
  readonly ghost: readonly Point[] | null;
  readonly dots: boolean;
  readonly gaps: readonly Gap[];
  readonly empty: boolean;
  /** Where a label with its last value goes; null when that is no number. */
  readonly last: Point | null;
}

export interface Note {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly tone: Tone;
  readonly tick?: boolean;
}

/** A panel before a pixel is drawn: axes with ticks, curves, notes, and the room its labels take in px. */
export interface LinesPlan {
  readonly panel: LinePanel;
  readonly x: ResolvedAxis;
  readonly y: ResolvedAxis;
  readonly curves: readonly Curve[];
  readonly ghosts: readonly { readonly line: readonly Point[]; readonly slot: number }[];
  readonly notes: readonly Note[];
  /** px that the labels left and right of the frame take. */
  readonly left: number;
  readonly right: number;
}

export interface LegendItem {
  readonly name: string;
  readonly slot: number;
  readonly colour?: string;
  readonly dots: boolean;
}

/** Every panel of a chart, for a drawing of this width in px. */
export function planChart(chart: Chart, width: number): LinesPlan[] {
  const xs = sharedAxes(chart.panels, width);
  return chart.panels.map((panel, i) => planLines(panel, xs[i]!, { columns: Math.ceil(width) }));
}

/** One x axis for neighbouring panels with the same label and scale; the same object, so that it can be recognised. */
function sharedAxes(panels: readonly LinePanel[], width: number): ResolvedAxis[] {
  const made = new Map<string, ResolvedAxis>();
  return panels.map(({ x }) => {
    const key = JSON.stringify(x);
    const alike = panels.filter((p) => JSON.stringify(p.x) === key);
    const axis =
      made.get(key) ??
      resolveAxis(
        x,
        (function* () {
          for (const p of alike) yield* xValues(p);
        })(),
        { target: Math.max(3, Math.round(width / 110)), pad: 0.01 },
      );
    made.set(key, axis);
    return axis;
  });
}

/** The values of all panels' x axes, so that panels below each other share one. */
function* xValues(panel: LinePanel): Generator<number> {
  for (const { x } of [...panel.series, ...(panel.ghosts ?? [])])
    for (let i = 0; i < x.length; i++) yield x[i]!;
  for (const { from, to } of panel.ranges ?? []) yield* [from, to];
  for (const { x } of panel.rules ?? []) yield x;
}

function planLines(panel: LinePanel, x: ResolvedAxis, { columns }: { columns: number }): LinesPlan {
  const smoothed = panel.series.map((s) => (s.smooth ? debiasedEma(s.y, s.smooth) : s.y));
  const y = resolveAxis(panel.y, yValues(panel, smoothed), { target: 5, pad: 0.06 });
  const visible = (v: number): boolean => Number.isFinite(v) && (y.type === "linear" || v > 0);
  const curves = panel.series.map((s, i) => curveOf(s, smoothed[i]!, { i, x, visible, columns, panel }));
  const ghosts = (panel.ghosts ?? []).map((g) => ({
    slot: g.slot,
    line: thin(g.x, g.y, { columns, log: x.type === "log" }).map(
      ([px, py]): Point => [px, visible(py) ? py : Number.NaN],
    ),
  }));
  const notes: Note[] = [
    ...(panel.ranges ?? []).map((r) => ({ ...r, tone: r.tone ?? ("info" as const) })),
    ...(panel.rules ?? []).map((r) => ({
      from: r.x,
      to: r.x,
      label: r.label,
      tone: r.tone ?? ("info" as const),
      tick: r.tick ?? false,
    })),
    ...curves.flatMap((c) => gapNote(c, curves.length > 1)),
  ];
  const ticks = Math.max(0, ...y.ticks.map((t) => textWidth(y.format(t), TICK)));
  const ends = Math.max(
    0,
    ...curves.map((c) => (c.last ? textWidth(showValue(c.last[1]), TICK, { bold: true }) : 0)),
  );
  return { panel, x, y, curves, ghosts, notes, left: ticks + 12 + LABEL + 14, right: ends + 14 };
}

function* yValues(panel: LinePanel, smoothed: readonly ArrayLike<number>[]): Generator<number> {
  for (const { y } of panel.series) for (let i = 0; i < y.length; i++) yield y[i]!;
  for (const y of smoothed) for (let i = 0; i < y.length; i++) yield y[i]!;
  for (const { y } of panel.ghosts ?? []) for (let i = 0; i < y.length; i++) yield y[i]!;
  for (const { y } of panel.levels ?? []) yield y;
}

function curveOf(
  s: LineSeries,
  smoothed: ArrayLike<number>,
  {
    i,
    x,
    visible,
    columns,
    panel,
  }: {
    i: number;
    x: ResolvedAxis;
    visible: (v: number) => boolean;
    columns: number;
    panel: LinePanel;
  },
): Curve {
  const log = x.type === "log";
  const points = (y: ArrayLike<number>): Point[] =>
    thin(s.x, y, { columns, log }).map(([px, py]) => [px, visible(py) ? py : Number.NaN]);
  const line = points(smoothed);
  const finite = line.filter(([, v]) => Number.isFinite(v));
  return {
    name: s.name,
    slot: s.slot ?? i,
    ...(s.colour !== undefined && { colour: s.colour }),
    smooth: s.smooth ?? 0,
    steps: s.steps ?? false,
    line,
    ghost: s.smooth ? points(s.y) : null,
    dots: finite.length === 1 || (s.y.length <= MARK_UP_TO && panel.series.length > 1),
    gaps: gapsOf(s.x, s.y),
    empty: finite.length === 0,
    last: s.endLabel !== false && finite.length > 0 && finite.at(-1) === line.at(-1) ? finite.at(-1)! : null,
  };
}

/** One label a curve for all its non-finite values, at the first of them. */
function gapNote({ gaps, name }: Curve, several: boolean): Note[] {
  const [first] = gaps;
  if (!first) return [];
  const count = gaps.reduce((sum, g) => sum + g.count, 0);
  const what = gaps.every((g) => Object.is(g.value, first.value)) ? showValue(first.value) : "non-finite";
  const times = count > 1 ? ` (${showValue(count, { digits: 9 })} values)` : "";
  const label = `${several ? `${name}: ` : ""}${what} at ${showValue(first.from, { digits: 9 })}${times}`;
  return [{ from: first.from, to: first.from, label, tone: "critical" }];
}
