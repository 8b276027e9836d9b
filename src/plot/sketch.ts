/** A chart in braille characters, two by four dots each, for a terminal. */
import { type ResolvedAxis, resolveAxis } from "./axis.ts";
import type { Chart, LinePanel, LineSeries } from "./chart.ts";
import { debiasedEma, gapsOf } from "./smooth.ts";

export interface SketchOptions {
  /** Characters. */
  readonly width?: number;
  /** Lines of the first panel; the others have half. */
  readonly height?: number;
}

/** Bit of each dot in U+2800…28FF, by row and column. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

export function sketch(chart: Chart, { width = 72, height = 14 }: SketchOptions = {}): string {
  const heights = chart.panels.map((_, i) => (i === 0 ? height : Math.max(4, Math.ceil(height / 2))));
  const curves = chart.panels.map((panel) =>
    panel.series.map((s) => ({ ...s, y: s.smooth ? debiasedEma(s.y, s.smooth) : s.y })),
  );
  const ys = chart.panels.map((panel, i) =>
    resolveAxis(
      panel.y,
      curves[i]!.flatMap((c) => Array.from(c.y)),
      { target: Math.max(2, Math.floor(heights[i]! / 3)), pad: 0.02 },
    ),
  );
  const left = Math.max(0, ...ys.flatMap((y) => y.ticks.map((t) => y.format(t).length)));
  return chart.panels
    .map((panel, i) => sketchPanel(panel, curves[i]!, ys[i]!, { left, width, height: heights[i]! }))
    .join("\n\n");
}

function sketchPanel(
  panel: LinePanel,
  curves: readonly LineSeries[],
  y: ResolvedAxis,
  { left, width, height }: { left: number; width: number; height: number },
): string {
  const labels = new Map<number, string>();
  const yRow = position(y, height * 4);
  for (const tick of y.ticks) labels.set(height - 1 - Math.floor(yRow(tick) / 4), y.format(tick));
  const columns = Math.max(8, width - left - 2);
  const x = resolveAxis(
    panel.x,
    curves.flatMap((c) => Array.from(c.x)),
    { target: Math.max(2, Math.floor(columns / 12)), pad: 0 },
  );
  const xColumn = position(x, columns * 2);

  const cells = Array.from({ length: height }, () => new Uint8Array(columns));
  const dot = (column: number, row: number): void => {
    const line = cells[height - 1 - (row >> 2)];
    if (line && column >= 0 && column < columns * 2) line[column >> 1]! |= DOTS[3 - (row & 3)]![column & 1]!;
  };
  const broken = new Set<number>();
  for (const c of curves) {
    let before: [number, number] | null = null;
    for (let i = 0; i < Math.min(c.x.length, c.y.length); i++) {
      const at: [number, number] | null =
        Number.isFinite(c.y[i]!) && (y.type === "linear" || c.y[i]! > 0)
          ? [xColumn(c.x[i]!), yRow(c.y[i]!)]
          : null;
      if (at) draw(before ?? at, at, dot);
      before = at;
    }
    for (const { from } of gapsOf(c.x, c.y)) broken.add(xColumn(from) >> 1);
  }
  const lines = cells.map((line, row) => {
    const drawn = Array.from(line, (bits, k) =>
      row === 0 && broken.has(k) ? "×" : bits === 0 ? " " : String.fromCharCode(0x2800 + bits),
    ).join("");
    const label = labels.get(row);
    return `${(label ?? "").padStart(left)} ${label === undefined ? "│" : "┤"}${drawn}`.trimEnd();
  });
  return [
    panel.y.label,
    ...lines,
    `${" ".repeat(left)} └${"─".repeat(columns)}`,
    `${" ".repeat(left + 2)}${tickLine(x, xColumn, columns)}`,
    `${" ".repeat(left + 2)}${panel.x.label.padStart((columns + panel.x.label.length) >> 1)}`,
    ...(broken.size > 0 ? ["× not a finite number"] : []),
  ].join("\n");
}

/** Value → 0…n−1. */
function position({ type, domain: [a, b] }: ResolvedAxis, n: number): (v: number) => number {
  const f = type === "log" ? Math.log : (v: number): number => v;
  const [low, width] = [f(a) / 2, f(b) / 2 - f(a) / 2];
  return (v) => Math.min(n - 1, Math.max(0, Math.round(((f(v) / 2 - low) / width) * (n - 1))));
}

function draw(
  [x0, y0]: [number, number],
  [x1, y1]: [number, number],
  dot: (x: number, y: number) => void,
): void {
  const n = Math.max(1, Math.abs(x1 - x0), Math.abs(y1 - y0));
  for (let k = 0; k <= n; k++)
    dot(Math.round(x0 + ((x1 - x0) * k) / n), Math.round(y0 + ((y1 - y0) * k) / n));
}

/** Labels under their ticks; one that would touch its neighbour is left out. */
function tickLine(x: ResolvedAxis, xColumn: (v: number) => number, columns: number): string {
  let line = "";
  for (const tick of x.ticks) {
    const label = x.format(tick);
    const at = Math.max(0, Math.min(columns - label.length, (xColumn(tick) >> 1) - (label.length >> 1)));
    if (line === "" || at > line.length) line = line.padEnd(at) + label;
  }
  return line;
}
