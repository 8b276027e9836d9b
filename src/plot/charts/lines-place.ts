/** Where a panel's labels go, in pixels: what every drawing of a plan shares. */
import type { ResolvedAxis } from "../axis.ts";
import { showValue } from "../numbers.ts";
import { fitText, textWidth } from "../svg.ts";
import { type Curve, type Note, TICK } from "./lines-plan.ts";

/** px of a note's letters. */
export const NOTE = 11;

/** A note with its place: row 0 stands next to the frame, `at` is its left edge in px, `shown` what fits. */
export interface Placed extends Note {
  readonly row: number;
  readonly at: number;
  readonly shown: string;
}

/** Rows of labels above the frame, so that none covers another. */
export function placeNotes(
  notes: readonly Note[],
  toPx: (x: number) => number,
  [l, r]: readonly [number, number],
): Placed[] {
  const ends: number[] = [];
  return notes
    .filter((n) => n.label !== "")
    .map((n) => {
      const shown = fitText(n.label, (r - l) / 1.13, NOTE);
      const width = textWidth(shown, NOTE, { bold: true });
      return { ...n, shown, width, at: Math.max(l, Math.min(toPx(n.from), r - width)) };
    })
    .sort((a, b) => a.at - b.at)
    .map((n) => {
      let row = ends.findIndex((end) => end + 10 <= n.at);
      if (row < 0) row = ends.length;
      ends[row] = n.at + n.width;
      return { ...n, row };
    });
}

/** From a value to its pixel between `l` and `r`. */
export function pixelScale(
  { type, domain: [a, b] }: ResolvedAxis,
  [l, r]: readonly [number, number],
): (x: number) => number {
  const f = type === "log" ? Math.log : (v: number): number => v;
  // halves first: the domain's width may overflow
  return (x) => l + ((r - l) * (f(x) / 2 - f(a) / 2)) / (f(b) / 2 - f(a) / 2);
}

/** The last value of each curve beside its end, moved apart where they would overlap. */
export function endLabels(
  curves: readonly Curve[],
  yPx: (v: number) => number,
  [top, bottom]: readonly [number, number],
): { label: string; at: number; slot: number; colour?: string }[] {
  const labels = curves
    .flatMap((c) =>
      c.last
        ? [
            {
              label: showValue(c.last[1]),
              at: yPx(c.last[1]),
              slot: c.slot,
              ...(c.colour !== undefined && { colour: c.colour }),
            },
          ]
        : [],
    )
    .sort((a, b) => a.at - b.at);
  const gap = TICK + 3;
  for (let i = 1; i < labels.length; i++) labels[i]!.at = Math.max(labels[i]!.at, labels[i - 1]!.at + gap);
  let limit = bottom;
  for (let i = labels.length - 1; i >= 0; i--) {
    labels[i]!.at = Math.max(top, Math.min(labels[i]!.at, limit));
    limit = labels[i]!.at - gap;
  }
  return labels;
}
