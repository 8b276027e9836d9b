/** What an int32 tensor is an index into, as layers and losses learn it: whoever fills the tensor can check its values. */
import type { Expr } from "../engine/graph/index.ts";

export interface IndexRange {
  /** Indices are 0 … count − 1. */
  readonly count: number;
  /** One further value that is allowed: rows which count for nothing. */
  readonly ignored?: number | undefined;
}

const ranges = new WeakMap<Expr, IndexRange>();

/** Notes that `indices` choose among `count`; of several notes the narrowest holds. */
export function noteIndices(indices: Expr, count: number, ignored?: number): void {
  const before = ranges.get(indices);
  ranges.set(indices, {
    count: Math.min(count, before?.count ?? count),
    ignored: ignored ?? before?.ignored,
  });
}

/** What was noted of this very tensor; undefined where nothing was. */
export const indexRange = (indices: Expr): IndexRange | undefined => ranges.get(indices);
