import { callSite } from "../../run/call-site.ts";
import { SteepestError } from "../../run/errors.ts";

/** Sizes of the axes, outermost first; `[]` is a scalar. A size may be 0. */
export type Shape = readonly number[];

/** The number of elements: 1 for a scalar, 0 where an axis is empty. */
export const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

export const showShape = (shape: Shape): string => `[${shape.join(", ")}]`;

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** NumPy's broadcasting: align at the last axis, size 1 is repeated. Null when the shapes do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const da = a[a.length - rank + i] ?? 1;
    const db = b[b.length - rank + i] ?? 1;
    if (da !== db && da !== 1 && db !== 1) return null;
    out[i] = da === 1 ? db : da;
  }
  return out;
}

/** Axes counted from the end when negative; sorted, checked for range and repetition. */
export function normalizeAxes(
  op: string,
  rank: number,
  axes: readonly number[] | number | undefined,
): number[] {
  const list = axes === undefined ? Array.from({ length: rank }, (_, i) => i) : [axes].flat();
  const out = list.map((a) => (a < 0 ? a + rank : a)).sort((x, y) => x - y);
  out.forEach((axis, i) => {
    if (!Number.isInteger(axis) || axis < 0 || axis >= rank || axis === out[i - 1]) {
      throw shapeError(op, `axis list [${list.join(", ")}] does not fit a tensor of rank ${rank}`);
    }
  });
  return out;
}

/** An error of the graph, naming the operation and the user's line that asked for it. */
export function shapeError(op: string, what: string, help?: string): SteepestError {
  return new SteepestError("shape", `${op}: ${what}`, { where: callSite(), help });
}
