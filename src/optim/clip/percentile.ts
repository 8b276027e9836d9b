import {
  add,
  and,
  broadcastTo,
  cast,
  concat,
  div,
  type Expr,
  eq,
  isFinite as finite,
  floor,
  full,
  iota,
  lt,
  min,
  mul,
  or,
  reshape,
  select,
  slice,
  sub,
  sum,
  zerosLike,
} from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { countNonFinite, globalNorm, mapKeeping, scalar } from "../tensors.ts";
import type { State, Tensors } from "../transform.ts";
import type { Clip } from "./clip.ts";

/** Options of `percentileClip`. */
export interface PercentileOptions {
  /** Of the recent norms, to which the gradient is limited: 0 to 100. */
  readonly percentile?: number;
  /** How many recent norms are remembered (the paper: all). */
  readonly window?: number;
}

/** The q-quantile of the finite entries, linearly between neighbours as NumPy does; n of them, the others +Infinity. */
function quantile(norms: Expr, n: Expr, q: number): Expr {
  const size = norms.shape[0]!;
  const index = iota([size]);
  const [a, b] = [reshape(norms, [size, 1]), reshape(norms, [1, size])];
  const [i, j] = [reshape(index, [size, 1]), reshape(index, [1, size])];
  // rank of entry i: how many are smaller, earlier ones first among equals
  const before = or(lt(b, a), and(eq(b, a), lt(broadcastTo(j, [size, size]), broadcastTo(i, [size, size]))));
  const rank = sum(cast(before, "float64"), { axes: 1 });
  const at = (r: Expr): Expr => sum(select(eq(rank, r), norms, zerosLike(norms)));
  const place = mul(q, sub(n, 1));
  const low = floor(place);
  const [lo, hi] = [at(low), at(min(add(low, 1), sub(n, 1)))];
  return add(lo, mul(sub(place, low), sub(hi, lo)));
}

/**
 * The global norm to a percentile of the recent ones, this one included (AutoClip: Seetharaman et al. 2020). A
 * non-finite norm is not remembered.
 */
export function percentileClip({ percentile = 10, window = 100 }: PercentileOptions = {}): Clip {
  if (!(percentile >= 0 && percentile <= 100 && Number.isInteger(window) && window >= 2)) {
    throw new SteepestError("clip", `percentile is ${percentile}, window is ${window}`, {
      help: "give percentile a number in [0, 100] and window a whole number ≥ 2",
    });
  }
  const look = (grads: Tensors, state: State): { norm: Expr; limit: Expr; next: State } => {
    const norm = globalNorm(grads);
    const last = state["norms"] as Expr;
    const fine = finite(norm);
    const pushed = concat([reshape(norm, [1]), slice(last, [0], [window - 1])]);
    const norms = select(fine, pushed, last);
    const count = min(add(state["count"] as Expr, select(fine, scalar(1), 0)), window);
    // before any finite norm there is nothing to compare with
    const limit = select(eq(count, 0), norm, quantile(norms, count, percentile / 100));
    return { norm, limit, next: { norms, count } };
  };
  return {
    name: "percentile-clip",
    init: () => ({
      norms: full([window], Number.POSITIVE_INFINITY, "float64"),
      count: scalar(0),
    }),
    update: (grads, state) => {
      const { norm, limit, next } = look(grads, state);
      const scale = min(div(limit, add(norm, 1e-6)), 1);
      return [mapKeeping(grads, (g) => mul(scale, g)), next];
    },
    measure: (grads, state) => {
      const { norm, limit } = look(grads, state);
      return {
        gradNorm: norm,
        clipped: select(lt(limit, norm), scalar(1), 0),
        nonFinite: countNonFinite(grads),
      };
    },
  };
}
