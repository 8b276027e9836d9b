/** A loss curve in characters: braille dots (2 × 4 a cell), or ' . : in ASCII, with marks under the axis. */
import { showNumber } from "../terminal.ts";

/** What is marked under the axis: single places, or a stretch. */
export interface Mark {
  readonly label: string;
  readonly at: readonly number[] | readonly [from: number, to: number];
  readonly stretch: boolean;
}

export interface SketchOptions {
  /** Columns and rows of the plot itself, without axes. */
  readonly width?: number;
  readonly height?: number;
  readonly ascii?: boolean;
  readonly unit?: string;
  readonly marks?: readonly Mark[];
}

export interface SketchLine {
  readonly kind: "plot" | "axis" | "marks";
  /** Axis label, before the plot. */
  readonly label: string;
  readonly body: string;
}

interface Axis {
  readonly kind: "linear" | "log" | "asinh";
  readonly to: (x: number) => number;
  readonly back: (y: number) => number;
}

/** A log axis helps from this ratio of the largest to the smallest loss, */
const LOG_FROM = 12;
/** or from this one when half of the points would lie in so small a part of a linear axis. */
const LOG_FROM_CROWDED = 3;
const CROWDED = 0.15;
const MARK_ROWS = 3;

/** Loss values in the axis's own scale: log where they span much, asinh where some are not positive. */
export function chooseAxis(loss: Float64Array): Axis {
  const sorted = loss.filter(Number.isFinite).sort();
  const least = sorted[0] ?? 0;
  const most = sorted[sorted.length - 1] ?? 0;
  const crowded = (sorted[sorted.length >> 1] ?? 0) - least < CROWDED * (most - least);
  if (least > 0 && most / least >= (crowded ? LOG_FROM_CROWDED : LOG_FROM))
    return { kind: "log", to: Math.log, back: Math.exp };
  const sizes = sorted.map(Math.abs).sort();
  const usual = sizes[sizes.length >> 1] || 1;
  if (least <= 0 && sizes[sizes.length - 1]! > 50 * usual)
    return { kind: "asinh", to: (x) => Math.asinh(x / usual), back: (y) => usual * Math.sinh(y) };
  return { kind: "linear", to: (x) => x, back: (y) => y };
}

/** Lines from top to bottom; [] when no value is finite. Steps are non-decreasing. */
export function sketch(
  steps: Float64Array,
  loss: Float64Array,
  { width = 70, height = 10, ascii = false, unit = "step", marks = [] }: SketchOptions = {},
): SketchLine[] {
  const axis = chooseAxis(loss);
  const y = loss.map(axis.to);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of y) {
    if (!Number.isFinite(v)) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (low > high) return [];
  if (low === high) [low, high] = [low - 1, high + 1];
  const [first, last] = [steps[0]!, steps[steps.length - 1]!];
  const place = (step: number, cells: number): number =>
    last > first
      ? Math.min(cells - 1, Math.max(0, Math.floor(((step - first) / (last - first)) * (cells - 1) + 0.5)))
      : 0;
  const grid = createGrid(width, height, ascii);
  const row = (v: number): number => Math.round((1 - (v - low) / (high - low)) * (grid.rows - 1));
  draw(
    grid,
    steps.map((s) => place(s, grid.columns)),
    y,
    row,
  );

  const labels = axisLabels(axis, low, high, height);
  const out: SketchLine[] = grid.lines().map((body, r) => ({
    kind: "plot",
    label: `${labels[r] ?? ""} ${ascii ? "|" : labels[r] ? "┤" : "│"}`,
    body,
  }));
  const floor: string[] = Array.from({ length: width }, () => (ascii ? "-" : "─"));
  for (let i = 0; i < loss.length; i++) if (!Number.isFinite(loss[i]!)) floor[place(steps[i]!, width)] = "✗";
  out.push({ kind: "axis", label: ascii ? "+" : "└", body: floor.join("") });
  for (const body of markRows(marks, width, (s) => place(s, width), ascii))
    out.push({ kind: "marks", label: "", body });
  const show = (x: number): string => (Number.isInteger(x) ? x.toLocaleString("en") : showNumber(x));
  // as much as there is room for
  const right = [`${unit} ${show(last)} (${axis.kind} axis)`, `${unit} ${show(last)}`, show(last)]
    .slice(axis.kind === "linear" ? 1 : 0)
    .find((text) => show(first).length + 1 + text.length <= width);
  out.push({
    kind: "axis",
    label: "",
    body: show(first) + (right ?? "").padStart(width - show(first).length),
  });
  const margin = Math.max(...out.map((line) => line.label.length));
  return out.map((line) => ({
    ...line,
    label: line.kind === "axis" && line.label === "" ? " ".repeat(margin) : line.label.padStart(margin),
  }));
}

interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly set: (x: number, y: number) => void;
  readonly lines: () => string[];
}

/** Bits of a braille cell, by row and column of its dots. */
const BRAILLE = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

function createGrid(width: number, height: number, ascii: boolean): Grid {
  const [perX, perY] = ascii ? [1, 2] : [2, 4];
  const cells = new Uint8Array(width * height);
  return {
    columns: width * perX,
    rows: height * perY,
    set(x, y) {
      const cell = Math.floor(y / perY) * width + Math.floor(x / perX);
      cells[cell]! |= ascii ? 1 << (y % 2) : BRAILLE[y % 4]![x % 2]!;
    },
    lines: () =>
      Array.from({ length: height }, (_, r) =>
        Array.from(cells.subarray(r * width, (r + 1) * width), (bits) =>
          ascii ? " '.:"[bits]! : bits === 0 ? " " : String.fromCharCode(0x2800 + bits),
        ).join(""),
      ),
  };
}

/**
 * Column by column: a bar over the middle four fifths of its values, its extremes as dots (a bar when far out),
 * and a line from the median before. A non-finite value breaks the line.
 */
function draw(grid: Grid, xs: Float64Array, y: Float64Array, row: (v: number) => number): void {
  let before: { x: number; y: number } | null = null;
  for (let i = 0; i < y.length; ) {
    const x = xs[i]!;
    const values: number[] = [];
    let broken = false;
    for (; i < y.length && xs[i] === x; i++) {
      if (Number.isFinite(y[i]!)) values.push(y[i]!);
      else broken = true;
    }
    if (values.length === 0) {
      before = null;
      continue;
    }
    values.sort((a, b) => a - b);
    const at = (q: number): number => values[Math.round(q * (values.length - 1))]!;
    const [low, high, least, most] = [at(0.1), at(0.9), at(0), at(1)];
    const far = 1.5 * (high - low);
    bar(grid, x, row(most > high + far ? most : high), row(least < low - far ? least : low));
    grid.set(x, row(most));
    grid.set(x, row(least));
    const middle = { x, y: row(at(0.5)) };
    if (before) line(grid, before, middle);
    before = broken ? null : middle;
  }
}

function bar(grid: Grid, x: number, top: number, bottom: number): void {
  for (let r = top; r <= bottom; r++) grid.set(x, r);
}

function line(grid: Grid, a: { x: number; y: number }, b: { x: number; y: number }): void {
  const n = Math.max(Math.abs(b.x - a.x), Math.abs(b.y - a.y), 1);
  for (let k = 0; k <= n; k++)
    grid.set(Math.round(a.x + ((b.x - a.x) * k) / n), Math.round(a.y + ((b.y - a.y) * k) / n));
}

/** Labels at the top, the middle and the bottom row. */
function axisLabels(axis: Axis, low: number, high: number, height: number): Record<number, string> {
  const out: Record<number, string> = {};
  for (const r of [0, Math.round((height - 1) / 2), height - 1])
    out[r] = showNumber(
      Number(axis.back(high - ((high - low) * r) / Math.max(1, height - 1)).toPrecision(3)),
    );
  return out;
}

/** Each mark in the first row with room for it. */
function markRows(
  marks: readonly Mark[],
  width: number,
  place: (step: number) => number,
  ascii: boolean,
): string[] {
  const rows: string[][] = [];
  for (const { label, at, stretch } of marks) {
    const columns = at.map(place);
    const [from = 0, to = from] = stretch ? columns : [Math.min(...columns), Math.max(...columns)];
    const free = (r: string[]): boolean =>
      r.slice(Math.max(0, from - 1), to + label.length + 1).every((c) => c === " ");
    let row = rows.find(free);
    if (!row) {
      if (rows.length >= MARK_ROWS) continue;
      row = Array.from({ length: width }, () => " ");
      rows.push(row);
    }
    const put = (column: number): void => {
      const start = Math.min(column, width - label.length);
      for (let k = 0; k < label.length; k++) row[start + k] = label[k]!;
    };
    if (stretch && to - from >= label.length + 3) {
      for (let c = from; c <= to; c++) row[c] = ascii ? "-" : "─";
      row[from] = ascii ? "<" : "├";
      row[to] = ascii ? ">" : "┤";
      put(Math.round((from + to - label.length + 1) / 2));
    } else for (const c of stretch ? [from] : columns) put(c);
  }
  return rows.map((r) => r.join(""));
}

/** The curve in one line of eighth blocks, for tables. */
export function spark(loss: Float64Array, width: number): string {
  const axis = chooseAxis(loss);
  const levels: number[] = [];
  for (let c = 0; c < width; c++) {
    const [from, to] = [Math.floor((c * loss.length) / width), Math.floor(((c + 1) * loss.length) / width)];
    const part = loss.subarray(from, Math.max(from + 1, to));
    levels.push(
      part.every(Number.isFinite) ? part.reduce((a, v) => a + axis.to(v), 0) / part.length : Number.NaN,
    );
  }
  const finite = levels.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return levels
    .map((v) =>
      Number.isNaN(v) ? "✗" : "▁▂▃▄▅▆▇█"[high > low ? Math.round((7 * (v - low)) / (high - low)) : 0]!,
    )
    .join("");
}
