/** A chart in characters for a terminal: braille dots or ASCII, with marks under the axis. */
import { type ResolvedAxis, resolveAxis } from "./axis.ts";
import type { Chart, LinePanel } from "./chart.ts";
import { sketchAxis } from "./sketch-axis.ts";
import { createGrid, drawCurve } from "./sketch-grid.ts";
import { debiasedEma } from "./smooth.ts";

/** What is marked under the axis: single places, or a stretch. */
export interface Mark {
  readonly label: string;
  readonly at: readonly number[] | readonly [from: number, to: number];
  readonly isRange: boolean;
}

/** Options of `sketch`. */
export interface SketchOptions {
  /** Characters, labels of the axis included. */
  readonly width?: number;
  /** Lines of the first panel's plot; the others have half. */
  readonly height?: number;
  readonly ascii?: boolean;
  /** Under the first panel. Default: the panel's own rules and ranges. */
  readonly marks?: readonly Mark[];
}

/** One line of a chart in characters, its parts apart. */
export interface SketchLine {
  readonly kind: "title" | "plot" | "axis" | "marks";
  /** Axis label, before the plot. */
  readonly label: string;
  readonly body: string;
}

const MARK_ROWS = 3;
const NARROWEST = 8;

/** A chart in characters for the terminal, lines joined by line ends. Braille points, or plain ASCII. */
export function sketch(chart: Chart, options: SketchOptions = {}): string {
  return sketchLines(chart, options)
    .map(({ label, body }) => `${label}${body}`.trimEnd())
    .join("\n");
}

/** Lines from top to bottom, their parts apart so that they can be coloured. */
export function sketchLines(
  chart: Chart,
  { width = 72, height = 14, ascii = false, marks }: SketchOptions = {},
): SketchLine[] {
  const heights = chart.panels.map((_, i) => (i === 0 ? height : Math.max(4, Math.ceil(height / 2))));
  const plans = chart.panels.map((panel, i) => {
    const curves = panel.series.map((s) => ({ x: s.x, y: s.smooth ? debiasedEma(s.y, s.smooth) : s.y }));
    const values = Float64Array.from(curves.flatMap((c) => Array.from(c.y)));
    return { panel, curves, y: sketchAxis(panel.y, values, heights[i]!) };
  });
  const write = ascii ? toAscii : (text: string): string => text;
  const left = Math.max(0, ...plans.flatMap((p) => p.y.ticks.map((t) => write(t.label).length)));
  return plans.flatMap(({ panel, curves, y }, i): SketchLine[] => {
    const columns = Math.max(NARROWEST, width - left - 2);
    const x = resolveAxis(
      panel.x,
      curves.flatMap((c) => Array.from(c.x)),
      { target: Math.max(2, Math.floor(columns / 12)), pad: 0 },
    );
    const place = placer(x);
    const grid = createGrid(columns, heights[i]!, { ascii });
    const floor: string[] = Array.from({ length: columns }, () => (ascii ? "-" : "─"));
    for (const c of curves) {
      const rows = Array.from(c.y, (v) => (1 - y.place(v)) * (grid.rows - 1));
      drawCurve(grid, { columns: Array.from(c.x, (v) => place(v, grid.columns)), rows });
      for (let k = 0; k < c.x.length; k++)
        if (!Number.isFinite(c.y[k]!)) floor[place(c.x[k]!, columns)] = write("✗");
    }
    const labels = new Map(y.ticks.map((t) => [Math.round((1 - t.at) * (heights[i]! - 1)), write(t.label)]));
    const scale = y.kind === "linear" ? "" : ` (${y.kind} axis)`;
    const margin = (text = "", edge = " "): string => `${text.padStart(left)} ${edge}`;
    const under = (i === 0 ? marks : undefined) ?? ownMarks(panel, ascii);
    const bare = ascii ? "|" : "│";
    return [
      ...(i > 0 ? [{ kind: "title" as const, label: "", body: "" }] : []),
      { kind: "title", label: "", body: cut(write(`${panel.y.label} by ${panel.x.label}${scale}`), width) },
      ...grid.lines().map((body, row): SketchLine => {
        const label = labels.get(row);
        return { kind: "plot", label: margin(label, label === undefined || ascii ? bare : "┤"), body };
      }),
      { kind: "axis", label: margin("", ascii ? "+" : "└"), body: floor.join("") },
      ...markRows(under, columns, (v) => place(v, columns), ascii).map(
        (body): SketchLine => ({ kind: "marks", label: margin(), body }),
      ),
      { kind: "axis", label: margin(), body: write(tickLine(x, (v) => place(v, columns), columns)) },
    ];
  });
}

/** Value → cell 0 … cells − 1. */
function placer({ type, domain: [a, b] }: ResolvedAxis): (v: number, cells: number) => number {
  const f = type === "log" ? Math.log : (v: number): number => v;
  // halves: the domain's width may overflow
  const [low, width] = [f(a) / 2, f(b) / 2 - f(a) / 2];
  return (v, cells) => Math.min(cells - 1, Math.max(0, Math.round(((f(v) / 2 - low) / width) * (cells - 1))));
}

const cut = (text: string, width: number): string => (text.length > width ? text.slice(0, width) : text);

function ownMarks({ rules = [], ranges = [] }: LinePanel, ascii: boolean): Mark[] {
  return [
    ...ranges.map((r): Mark => ({ label: r.label, at: [r.from, r.to], isRange: true })),
    ...rules.map((r): Mark => ({ label: `${ascii ? "^" : "↑"}${r.label}`, at: [r.x], isRange: false })),
  ];
}

/** Each mark in the first row with room for it; one for which there is none is left out. */
function markRows(
  marks: readonly Mark[],
  width: number,
  place: (v: number) => number,
  ascii: boolean,
): string[] {
  const rows: string[][] = [];
  for (const { label, at, isRange } of marks) {
    if (label.length > width) continue;
    const columns = at.map(place);
    const [from = 0, to = from] = isRange ? columns : [Math.min(...columns), Math.max(...columns)];
    // an arrow near the right edge stands after its words, so that it still points at its place
    const turned = !isRange && /^[↑^]/.test(label) && to > width - label.length;
    const begin = turned ? from - label.length + 1 : Math.min(from, width - label.length);
    const free = (r: string[]): boolean =>
      r.slice(Math.max(0, begin - 1), Math.max(to, begin) + label.length + 1).every((c) => c === " ");
    let row = rows.find(free);
    if (!row) {
      if (rows.length >= MARK_ROWS) continue;
      row = Array.from({ length: width }, () => " ");
      rows.push(row);
    }
    const shown = turned ? `${label.slice(1)}${label[0]}` : label;
    const put = (column: number): void => {
      const start = turned ? column - label.length + 1 : Math.min(column, width - label.length);
      for (let k = 0; k < label.length; k++) row[start + k] = shown[k]!;
    };
    if (isRange && to - from >= label.length + 3) {
      for (let c = from; c <= to; c++) row[c] = ascii ? "-" : "─";
      row[from] = ascii ? "<" : "├";
      row[to] = ascii ? ">" : "┤";
      put(Math.round((from + to - label.length + 1) / 2));
    } else for (const c of isRange ? [from] : columns) put(c);
  }
  return rows.map((r) => r.join(""));
}

/** Labels under their ticks; one that would touch its neighbour is left out. */
function tickLine(x: ResolvedAxis, place: (v: number) => number, columns: number): string {
  let line = "";
  for (const tick of x.ticks) {
    const label = x.format(tick);
    const at = Math.max(0, Math.min(columns - label.length, place(tick) - (label.length >> 1)));
    if (line === "" || at > line.length) line = line.padEnd(at) + label;
  }
  return line;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 10⁻³ → 1e-3, 2×10⁵ → 2e5, − → -; what else is not ASCII becomes a question mark. */
function toAscii(text: string): string {
  return text
    .replace(
      /(?:([\d.]+)×)?10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g,
      (_, m: string | undefined, sign: string, power: string) => {
        const digits = [...power].map((c) => SUPERSCRIPTS.indexOf(c)).join("");
        return `${m ?? "1"}e${sign === "" ? "" : "-"}${digits}`;
      },
    )
    .replace(/−/g, "-")
    .replace(/∞/g, "inf")
    .replace(/✗/g, "x")
    .replace(/[^\x20-\x7e]/g, "?");
}
