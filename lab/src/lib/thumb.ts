/** A room's experiment as a picture of a card's size: what the worker gives. draw-thumb.ts draws it. */
import type { SurfaceGrid } from "steepest/surface";

export interface Stroke {
  /** x0, y0, x1, y1, … in the picture's coordinates. */
  readonly points: ArrayLike<number>;
  /** Colour and dash; null: ink. */
  readonly slot: number | null;
}

/** Everything that moves does so over the same time: its first moment is shown first, its last one stays. */
export interface Thumb {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** Level bands behind everything. */
  readonly ground?: SurfaceGrid;
  /** Lines that stand there from the start. */
  readonly still?: readonly Stroke[];
  /** Lines that are drawn from their first point to their last. */
  readonly paths?: readonly Stroke[];
  /** Dots, moment by moment: x0, y0, x1, y1, … */
  readonly dots?: readonly Stroke[];
  /** Squares of values from −1 to 1, moment by moment, the top row first. */
  readonly cells?: { readonly columns: number; readonly moments: readonly ArrayLike<number>[] };
  /** A text, moment by moment. */
  readonly words?: readonly string[];
}

/** What of a room its card shows. */
export type MakeThumb = () => Thumb | Promise<Thumb>;

/** The logarithm of each value by its step, no lower than `floor`: a curve on a log axis. Steps without a value are left out. */
export function logCurve(values: ArrayLike<number | null>, floor: number, every = 1): number[] {
  const points: number[] = [];
  for (let k = 0; k < values.length; k += every) {
    const value = values[k] ?? Number.NaN;
    if (Number.isFinite(value)) points.push(k, Math.log10(Math.max(value, floor)));
  }
  return points;
}
