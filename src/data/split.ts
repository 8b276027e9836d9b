/** Setting rows aside, seeded and in the classes' proportions. */
import { permutationInto, streamKey } from "../random/index.ts";
import { SteepestError } from "../run/errors.ts";
import { type DataArray, type Rows, rowCount, type Samples, type Target } from "./dataset.ts";

export interface Split {
  readonly train: Samples;
  readonly held: Samples;
}

/**
 * Sets aside round(fraction · n) rows, chosen by the seed and, for class targets, from every class in proportion.
 * Both parts keep the order of the data. Takes the arrays over: the training part is compacted in place, so that memory
 * grows by the held part alone.
 */
export function splitRows(samples: Samples, fraction: number, seed: number): Split {
  const n = rowCount(samples.features);
  const count = heldCount(n, fraction);
  const { target } = samples;
  const groups = target.kind === "class" && target.shape.length === 1 ? groupByClass(target) : [allRows(n)];
  const held = new Uint8Array(n);
  const shares = proportionalShares(
    groups.map((g) => g.length),
    count,
  );
  const key = streamKey(seed, "validation");
  groups.forEach((rows, g) => {
    const order = new Int32Array(rows.length);
    permutationInto(order, key, g);
    for (const k of order.subarray(0, shares[g])) held[rows[k]!] = 1;
  });
  const features = partition(samples.features, held, count);
  const targets = partition(target, held, count);
  return {
    train: { features: features.kept, target: { ...targets.kept, kind: target.kind } },
    held: { features: features.held, target: { ...targets.held, kind: target.kind } },
  };
}

/** Rows a fraction sets aside: at least one, and at least one stays. Throws `validation`. */
export function heldCount(n: number, fraction: number): number {
  if (!(fraction > 0 && fraction < 1)) {
    throw new SteepestError("validation", `validation must be a fraction between 0 and 1, not ${fraction}`, {
      help: "0.1 sets aside one row in ten",
    });
  }
  if (n < 2) {
    throw new SteepestError(
      "validation",
      `${n} row${n === 1 ? "" : "s"} can't be split into training and validation`,
      {
        help: "give more data, or set validation to 0",
      },
    );
  }
  return Math.min(Math.max(Math.round(fraction * n), 1), n - 1);
}

/** Shares of `total` in proportion to `sizes`, whole and summing to it (largest remainder, earlier group on a tie). */
export function proportionalShares(sizes: readonly number[], total: number): number[] {
  const n = sizes.reduce((a, b) => a + b, 0);
  const exact = sizes.map((size) => (size * total) / n);
  const shares = exact.map(Math.floor);
  const missing = total - shares.reduce((a, b) => a + b, 0);
  const byRemainder = exact
    .map((x, g) => ({ g, rest: x - Math.floor(x) }))
    .sort((a, b) => b.rest - a.rest || a.g - b.g);
  for (const { g } of byRemainder.slice(0, missing)) shares[g]!++;
  return shares;
}

const allRows = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

/** Row numbers of each class, in order. */
export function groupByClass(target: Target): Int32Array[] {
  const counts: number[] = [];
  for (const label of target.data) counts[label] = (counts[label] ?? 0) + 1;
  const groups = Array.from(counts, (count) => new Int32Array(count ?? 0));
  const filled = groups.map(() => 0);
  target.data.forEach((label, row) => {
    groups[label]![filled[label]!++] = row;
  });
  return groups;
}

/** Moves unmarked rows to the front of the same memory and copies marked ones out. */
function partition(
  { data, shape, rowStride }: Rows,
  held: Uint8Array,
  count: number,
): { kept: Rows; held: Rows } {
  const out = data.slice(0, count * rowStride) as DataArray;
  let [toHeld, toKept] = [0, 0];
  for (let row = 0; row < held.length; row++) {
    const start = row * rowStride;
    if (held[row]) {
      out.set(data.subarray(start, start + rowStride), toHeld);
      toHeld += rowStride;
    } else {
      data.copyWithin(toKept, start, start + rowStride);
      toKept += rowStride;
    }
  }
  const rest = shape.slice(1);
  return {
    kept: { data: data.subarray(0, toKept), shape: [held.length - count, ...rest], rowStride },
    held: { data: out, shape: [count, ...rest], rowStride },
  };
}
