/** A card's picture of its room, on a canvas. */
import { colourOf, dashOf, type Theme } from "steepest/plot/theme";
import type { Stroke, Thumb } from "./thumb.ts";

export interface Canvas {
  readonly context: CanvasRenderingContext2D;
  /** Device pixels. */
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
  /** The level bands, painted once for a size and a theme. */
  readonly ground: ImageData | null;
}

/** The card's picture at a share, 0…1, of its time. */
export function drawThumb(thumb: Thumb, share: number, on: Canvas): void {
  const { context, width, height, theme, ground } = on;
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  if (ground) context.putImageData(ground, 0, 0);
  if (thumb.cells) drawCells(thumb.cells.columns, at(thumb.cells.moments, share), on);
  for (const stroke of thumb.still ?? []) drawLine(stroke, stroke.points.length / 2, thumb, on);
  for (const stroke of thumb.paths ?? []) {
    const count = stroke.points.length / 2;
    drawLine(stroke, 1 + Math.round(share * (count - 1)), thumb, on);
  }
  if (thumb.dots) drawDots(at(thumb.dots, share), thumb, on);
  if (thumb.words) drawWords(at(thumb.words, share), on);
}

const at = <T>(moments: readonly T[], share: number): T => moments[Math.round(share * (moments.length - 1))]!;
/** Device pixels of a line, by the picture's width. */
const thin = (width: number): number => Math.max(1, width / 200);

const colour = ({ slot }: Stroke, { theme }: Canvas): string =>
  slot === null ? theme.ink : colourOf(theme, slot);

function place(
  { x, y }: Thumb,
  { width, height }: Canvas,
): (points: ArrayLike<number>, i: number) => [number, number] {
  return (points, i) => [
    ((points[2 * i]! - x[0]) / (x[1] - x[0])) * width,
    (1 - (points[2 * i + 1]! - y[0]) / (y[1] - y[0])) * height,
  ];
}

function drawLine(stroke: Stroke, count: number, thumb: Thumb, on: Canvas): void {
  const { context, width, height, theme } = on;
  const to = place(thumb, on);
  context.beginPath();
  for (let i = 0; i < count; i++) {
    const [px, py] = to(stroke.points, i);
    context.lineTo(px, py);
    // one point outside is enough to show where it went
    if (!(Math.abs(px) < 3 * width && Math.abs(py) < 3 * height)) break;
  }
  const unit = thin(width);
  context.lineJoin = "round";
  context.setLineDash([]);
  // a rim keeps it apart from level lines and from other paths
  context.strokeStyle = theme.background;
  context.globalAlpha = 0.5;
  context.lineWidth = 3.2 * unit;
  context.stroke();
  context.globalAlpha = 1;
  context.strokeStyle = colour(stroke, on);
  context.lineWidth = 1.4 * unit;
  context.setLineDash(
    (dashOf(stroke.slot ?? 0) ?? "")
      .split(/[ ,]+/)
      .filter(Boolean)
      .map((d) => Number(d) * unit * 0.6),
  );
  context.stroke();
  context.setLineDash([]);
}

function drawDots(stroke: Stroke, thumb: Thumb, on: Canvas): void {
  const to = place(thumb, on);
  on.context.fillStyle = colour(stroke, on);
  for (let i = 0; i < stroke.points.length / 2; i++) {
    on.context.beginPath();
    on.context.arc(...to(stroke.points, i), 1.8 * thin(on.width), 0, 2 * Math.PI);
    on.context.fill();
  }
}

function drawCells(columns: number, values: ArrayLike<number>, on: Canvas): void {
  const { context, width, height, theme } = on;
  const rows = Math.ceil(values.length / columns);
  const [w, h] = [width / columns, height / rows];
  const gap = rows > 20 ? 0 : 2 * thin(width);
  for (let i = 0; i < values.length; i++) {
    const value = Math.max(-1, Math.min(1, values[i]!));
    context.fillStyle = value === 0 ? theme.grid : colourOf(theme, value > 0 ? 0 : 1);
    context.globalAlpha = value === 0 ? 1 : 0.15 + 0.75 * Math.abs(value);
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const [left, top] = [Math.round(column * w), Math.round(row * h)];
    const [right, bottom] = [Math.round((column + 1) * w), Math.round((row + 1) * h)];
    context.fillRect(left + gap, top + gap, right - left - 2 * gap, bottom - top - 2 * gap);
  }
  context.globalAlpha = 1;
}

function drawWords(text: string, { context, width, height, theme }: Canvas): void {
  const size = width / 19;
  context.font = `${size}px serif`;
  context.fillStyle = theme.ink;
  const lines: string[] = [""];
  for (const word of text.split(/(?<=\s)/)) {
    const longer = lines.at(-1)! + word;
    if (context.measureText(longer).width > width - 1.6 * size) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  lines.forEach((line, i) => {
    const bottom = (1.5 + 1.35 * i) * size;
    if (bottom < height) context.fillText(line, 0.8 * size, bottom);
  });
}
