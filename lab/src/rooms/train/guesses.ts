/** What a run's network says: class probabilities of one row, and who is taken for whom among many. */

import type { Backend } from "steepest/engine";
import { type BuiltRun, predictStep } from "steepest/train";

/** Rows in one call. */
const ROWS = 500;

export interface Tally {
  readonly loss: number;
  readonly accuracy: number;
  /** Rows that the network has not trained on. */
  readonly unseen: number;
  /** Rows of class i taken for j, at classes·i + j. */
  readonly confusion: readonly number[];
}

export interface Guesses {
  /** Rows that the network has not trained on. */
  readonly held: NonNullable<BuiltRun["data"]["test"]>;
  readonly classes: readonly string[];
  /** Of rows one after another: `classes.length` numbers each. */
  readonly probabilities: (rows: ArrayLike<number>) => Float64Array;
  readonly tally: () => Tally;
}

export function guesses({ parts, step, data }: BuiltRun, backend: Backend): Guesses {
  const { model, optimizer, dtype = "float32", shapes } = parts;
  const held = data.test ?? data.validation;
  const { classes } = data;
  if (held === undefined || classes === undefined) throw new Error("this room tells classes of unseen rows");
  const predict = predictStep({ model, optimizer, dtype, backend, batch: shapes(ROWS) });
  const one = predictStep({ model, optimizer, dtype, backend, batch: shapes(1) });
  const [count, size] = [classes.length, held.features.rowStride];

  /** `each` is called with the row's number and its outputs. */
  function forward(rows: ArrayLike<number>, each: (row: number, outputs: ArrayLike<number>) => void): void {
    const n = rows.length / size;
    const program = n === 1 ? one : predict;
    const max = n === 1 ? 1 : ROWS;
    program.load(step.state);
    for (let from = 0; from < n; from += max) {
      const some = Math.min(max, n - from);
      for (let i = 0; i < some * size; i++) program.x[i] = rows[from * size + i]!;
      const out = program.run();
      for (let r = 0; r < some; r++) each(from + r, out.subarray(r * count, (r + 1) * count));
    }
  }

  return {
    held,
    classes,
    probabilities: (rows) => {
      const out = new Float64Array((rows.length / size) * count);
      forward(rows, (row, z) => {
        const total = logSum(z);
        for (let c = 0; c < count; c++) out[row * count + c] = Math.exp(z[c]! - total);
      });
      return out;
    },
    tally: () => {
      const labels = held.target.data;
      const confusion = new Array<number>(count * count).fill(0);
      let total = 0;
      forward(held.features.data, (row, z) => {
        const label = labels[row]!;
        total += logSum(z) - z[label]!;
        confusion[label * count + largest(z)]! += 1;
      });
      const n = labels.length;
      const right = confusion.reduce((sum, found, at) => sum + (at % (count + 1) === 0 ? found : 0), 0);
      return { loss: total / n, accuracy: right / n, unseen: n, confusion };
    },
  };
}

/** log Σ exp(z). */
function logSum(z: ArrayLike<number>): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < z.length; c++) max = Math.max(max, z[c]!);
  let sum = 0;
  for (let c = 0; c < z.length; c++) sum += Math.exp(z[c]! - max);
  return max + Math.log(sum);
}

export function largest(z: ArrayLike<number>): number {
  let best = 0;
  for (let c = 1; c < z.length; c++) if (z[c]! > z[best]!) best = c;
  return best;
}
