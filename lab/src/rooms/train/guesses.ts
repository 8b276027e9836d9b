/** What a run's network says of digits: class probabilities of one, and who is taken for whom among many. */

import { argmax, type Backend, cast, type Expr, eq, mean, mul, softmax, take } from "steepest/engine";
import { type BuiltRun, type EvalStep, evalStep, type LossFunction } from "steepest/train";

export const CLASSES = 10;
const digits = Array.from({ length: CLASSES }, (_, d) => d);

/** Rows in one call. */
const ROWS = 500;

export interface Tally {
  readonly loss: number;
  readonly accuracy: number;
  /** Digits of class i taken for j, at 10·i + j. */
  readonly confusion: readonly number[];
}

export interface Guesses {
  /** Of one picture of 784 grey levels. */
  readonly probabilities: (pixels: ArrayLike<number>) => number[];
  readonly tally: () => Tally;
}

export function guesses({ parts, step, data }: BuiltRun, backend: Backend): Guesses {
  const { model, optimizer, dtype = "float32", shapes, loss } = parts;
  const compile = (rows: number, measures: Readonly<Record<string, LossFunction>>): EvalStep =>
    evalStep({ model, optimizer, dtype, backend, measures, batch: shapes(rows) });
  const one = compile(
    1,
    Object.fromEntries(digits.map((d) => [`p${d}`, (output: Expr) => mean(take(softmax(output), 1, d))])),
  );
  const is = (x: Expr, d: number): Expr => cast(eq(x, d), "float32");
  const pair =
    (i: number, j: number): LossFunction =>
    (output, batch) =>
      mean(mul(is(batch["y"]!, i), is(argmax(output), j)));
  const pairs = digits.flatMap((i) => digits.map((j) => [`${i}-${j}`, pair(i, j)] as const));
  const many = compile(ROWS, { loss, ...Object.fromEntries(pairs) });
  const { features, target } = data.test!;
  const size = features.data.length / features.shape[0]!;

  return {
    probabilities: (pixels) => {
      one.load(step.state);
      one.inputs["x"]!.set(pixels);
      const p = one.run();
      return digits.map((d) => p[`p${d}`]!);
    },
    tally: () => {
      many.load(step.state);
      const calls = features.shape[0]! / ROWS;
      const confusion = pairs.map(() => 0);
      let total = 0;
      for (let call = 0; call < calls; call++) {
        const from = call * ROWS;
        many.inputs["x"]!.set(features.data.subarray(from * size, (from + ROWS) * size));
        many.inputs["y"]!.set(target.data.subarray(from, from + ROWS));
        const means = many.run();
        total += means["loss"]! / calls;
        pairs.forEach(([name], at) => (confusion[at]! += Math.round(means[name]! * ROWS)));
      }
      const right = digits.reduce((sum, d) => sum + confusion[d * (CLASSES + 1)]!, 0);
      return { loss: total, accuracy: right / (calls * ROWS), confusion };
    },
  };
}
