/** The line of a walk at one step, and which points that step looked at. */
import { INTERCEPT } from "./facts.ts";
import type { Walked, Walks } from "./measure.ts";

export interface Fitted {
  readonly x: number;
  readonly target: number;
  readonly output: number;
  /** In the batch that led here. */
  readonly lit: boolean;
}

export function fitted({ data }: Walks, { points, rows }: Walked, step: number): Fitted[] {
  const [slope, height] = [points[2 * step]!, points[2 * step + 1]!];
  const lit = new Set(rows[step - 1] ?? []);
  return Array.from(data.x, (x, i) => ({
    x,
    target: data.target[i]!,
    output: slope * x + INTERCEPT * height,
    lit: lit.has(i),
  }));
}
